"""A step that was taken after a consent had ended is taken back, and what follows from it; what came before stays."""

from collections.abc import Sequence

import pytest

from services.trials.copies.joining import Joined
from services.trials.copies.participants import ConsentChange, Participant
from services.trials.domain.catalogue.diagnostics import Attempt
from services.trials.domain.path import steps
from services.trials.domain.path.gates import SeasonGate
from services.trials.domain.path.paths import Path
from shared.contracts.trials import DiagnosticRevoked
from shared.programme.merging import Word
from shared.storage.decision import Decision
from tests.builders.events import at
from tests.builders.trials import pupil, season, slot

GATE = SeasonGate(season(), iter(f"id{n}" for n in range(1_000)).__next__)
Change = tuple[str, bool, str | None]
"""Day, whether it was given, and the day on which its term ends."""


def said(*changes: Change) -> Participant:
    """A pupil of whose consent this was said, in order."""
    told = tuple(
        ConsentChange(sequence=f"{n:010}", time=at(day), given=given, until=at(until) if until else None)
        for n, (day, given, until) in enumerate(changes)
    )
    return pupil(consent=changes[-1][1], consent_changes=told)


GIVEN: Change = ("2020-09-01", True, None)


def taken(path: str, diagnostic: str, day: str, ref: str = "1") -> Attempt:
    return Attempt(f"{path}/2020", f"{diagnostic}-{ref}", f"{path}-{diagnostic}-{ref}", diagnostic, b"", {}, at(day))


def walked() -> tuple[Path, Sequence[Attempt]]:
    """A path up to the recommendation on 6 October, and its attempts, of which one diagnostic has two."""
    path, attempts = Path.new("p1", "2020"), []
    for diagnostic, day, ref in (
        ("readiness", "2020-09-14", "1"),
        ("readiness", "2020-10-02", "2"),
        ("interests", "2020-10-01", "1"),
    ):
        attempts.append(taken("p1", diagnostic, day, ref))
        path = steps.complete(path, pupil(), attempts[-1], GATE).state
    for day in ("2020-10-05", "2020-10-06"):
        place = slot(day, starts_at=at(day))
        path = steps.book(path, pupil(), place, at("2020-09-20"), GATE.new_id).state
        path = steps.attend(path, pupil(), path.bookings[-1], "qr", at(day, 12), GATE).state
    assert path.recommendation is not None
    return path, attempts


def followed(*changes: Change) -> Decision[Path]:
    path, attempts = walked()
    return steps.follow(path, Joined(said(*changes)), GATE, {path.id: attempts})


def told(decision: Decision[Path]) -> list[tuple[str, str]]:
    return [(h.event.type.removesuffix(".v1"), h.time.date().isoformat()) for h in decision.happened]


BOTH = [("attendance.revoked", "2020-10-05"), ("attendance.revoked", "2020-10-06")]
TAKEN_BACK = [("recommendation.withdrawn", "2020-10-06")]


@pytest.mark.parametrize(
    ("changes", "events"),
    [
        ([GIVEN, ("2020-10-07", False, None)], []),
        (
            [GIVEN, ("2020-10-06", False, None)],
            [BOTH[1], ("trial.cancelled", "2020-10-06"), *TAKEN_BACK],
        ),
        (
            [GIVEN, ("2020-10-03", False, None)],
            [*BOTH, *[("trial.cancelled", "2020-10-03")] * 2, ("recommendation.withdrawn", "2020-10-03")],
        ),
        ([GIVEN, ("2020-10-06", False, None), ("2020-10-06", True, None)], []),
        ([("2020-09-01", True, "2020-10-07")], []),
        (
            [("2020-09-01", True, "2020-10-06")],
            [BOTH[1], ("trial.cancelled", "2020-10-06"), *TAKEN_BACK],
        ),
    ],
    ids=["afterwards", "the last day", "all trials", "and at once given again", "within the term", "behind the term"],
)
def test_what_was_attended_without_consent_is_taken_back(changes: list[Change], events: list[tuple[str, str]]) -> None:
    decision = followed(*changes)
    assert told(decision) == events
    path, attempts = walked()
    again = steps.follow(decision.state, Joined(said(*changes)), GATE, {path.id: attempts})
    assert again.happened == ()


def test_attempts_without_consent_are_taken_back_and_the_first_of_the_others_counts() -> None:
    decision = followed(GIVEN, ("2020-10-01", False, None), ("2020-10-04", True, None))
    assert told(decision) == [
        ("diagnostic.revoked", "2020-10-02"),
        ("diagnostic.revoked", "2020-10-01"),
        ("recommendation.withdrawn", "2020-10-01"),
    ]
    assert decision.state.diagnostics == {"readiness": at("2020-09-14")}
    assert decision.state.attempts == ("readiness-1",)
    assert decision.state.recommendation is None
    assert [a.revoked for a in decision.state.attendances] == [None, None], "a consent was in force again"


def test_a_duplicate_s_attempt_is_told_once_more_when_it_stands_alone() -> None:
    def entry(id: str, other: str, role: str, merged: bool, *changes: ConsentChange) -> Participant:
        word = Word(other=other, role=role, merged=merged, sequence="9", time=at("2020-09-10"))
        return pupil(id, mergings=(word,), consent_changes=(*pupil().consent_changes, *changes))

    ended = ConsentChange(sequence="8", time=at("2020-09-12"), given=False)
    attempt = taken("d", "readiness", "2020-09-14")
    alone = steps.complete(Path.new("d", "2020"), pupil("d"), attempt, GATE).state
    path = Path.new("s", "2020").model_copy(update={"duplicates": (alone,)})
    joined = Joined(entry("s", "d", "survivor", True, ended), (entry("d", "s", "duplicate", True),))
    decision = steps.follow(path, joined, GATE, {"d/2020": [attempt]})
    (revoked,) = [h.event for h in decision.happened]
    assert isinstance(revoked, DiagnosticRevoked)
    assert (revoked.participant, revoked.attempt, revoked.reason) == ("s", attempt.id, "consent")
    (duplicate,) = decision.state.duplicates
    assert (duplicate.diagnostics, duplicate.attempts) == ({}, ())
    parted = steps.follow(duplicate, Joined(entry("d", "s", "duplicate", False)), GATE, {})
    (again,) = [h.event for h in parted.happened]
    assert again == revoked.model_copy(update={"participant": "d"})


@pytest.mark.parametrize(
    ("changes", "begins", "ends", "in_force"),
    [
        ([GIVEN], "2020-08-31", "2020-09-02", False),
        ([GIVEN], "2020-09-01", "2020-12-01", True),
        ([GIVEN, ("2020-10-01", False, None)], "2020-09-10", "2020-09-20", True),
        ([GIVEN, ("2020-10-01", False, None)], "2020-09-10", "2020-10-01", False),
        ([("2020-09-01", True, "2020-10-01")], "2020-09-30", "2020-09-30", True),
        ([("2020-09-01", True, "2020-10-01")], "2020-09-30", "2020-10-01", False),
        ([("2020-09-01", True, "2020-10-01"), ("2020-09-20", True, "2020-11-01")], "2020-09-30", "2020-10-15", True),
        ([("2020-09-01", True, "2020-10-01"), ("2020-10-05", True, None)], "2020-10-03", "2020-10-03", False),
        ([GIVEN, ("2020-09-20", True, "2020-10-01")], "2020-10-03", "2020-10-03", False),
        ([("2020-09-01", True, "2020-10-01"), ("2020-10-05", False, None)], "2020-10-02", "2020-10-02", False),
        ([("2020-10-01", False, None)], "2020-09-02", "2020-09-02", False),
    ],
)
def test_a_time_is_with_consent_where_one_was_in_force_for_all_of_it(
    changes: list[Change], begins: str, ends: str, in_force: bool
) -> None:
    assert said(*changes).has_consent(at(begins), at(ends)) is in_force


def late(closed_at: str | None = None) -> tuple[Path, SeasonGate]:
    """A path on which a trial of 8 October was confirmed after the consent had been withdrawn on the 12th."""
    rules = season().model_copy(update={"closed_at": at(closed_at) if closed_at else None})
    path, place = walked()[0], slot("late", starts_at=at("2020-10-08"), competency="games")
    path = steps.book(path, pupil(), place, at("2020-09-20"), GATE.new_id).state
    withdrawn = said(GIVEN, ("2020-10-12", False, None))
    decision = steps.attend(path, withdrawn, path.bookings[-1], "list", at("2020-10-08", 12), GATE)
    assert [type for type, _ in told(decision)] == ["trial.attended"]
    return decision.state, SeasonGate(rules, GATE.new_id)


RETURNED = said(GIVEN, ("2020-10-12", False, None), ("2020-10-20", True, None))


def test_a_recommendation_that_was_outdated_without_consent_is_revised_when_the_consent_returns() -> None:
    path, gate = late()
    decision = steps.follow(path, Joined(RETURNED), gate, {})
    assert told(decision) == [("recommendation.withdrawn", "2020-10-20"), ("recommendation.issued", "2020-10-06")]
    known = decision.state.recommendation
    assert known is not None
    assert (known.competencies, known.revision, known.revised_at) == (("games", "gov"), 2, at("2020-10-20"))
    assert not steps.follow(decision.state, Joined(RETURNED), gate, {}).made


def test_in_a_closed_season_a_consent_that_returns_revises_nothing() -> None:
    path, gate = late("2020-10-15")
    assert not steps.follow(path, Joined(RETURNED), gate, {}).made


def test_a_consent_that_returns_revises_nothing_that_still_follows_or_was_said_since() -> None:
    path, attempts = walked()
    assert not steps.follow(path, Joined(RETURNED), GATE, {path.id: attempts}).made
    path, gate = late()
    known = path.recommendation
    assert known is not None
    since = path.model_copy(update={"recommendation": known.model_copy(update={"revised_at": at("2020-10-21")})})
    assert not steps.follow(since, Joined(RETURNED), gate, {}).made
