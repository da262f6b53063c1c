"""Marks and stars of an attendance: of one that stands, corrected by revisions, and a ground to recommend."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from services.trials.answers.reviews import Given, ReviewView, SlotReviewsView, VenueStars
from services.trials.copies.participants import ConsentChange, Participant
from services.trials.domain.path import steps
from services.trials.domain.path.advice import Advice, AdviceRules, define
from services.trials.domain.path.gates import SeasonGate
from services.trials.domain.path.path_parts import Marks, Stars
from services.trials.domain.path.paths import Path
from services.trials.domain.path.restoring import correction_of, walked
from services.trials.domain.presence import feedback
from services.trials.domain.presence.feedback import FeedbackEntry, ReviewEntry, Words
from shared.base.errors import ServiceError
from shared.contracts.feedback import FeedbackGiven
from shared.contracts.trials import RecommendationIssued, RecommendationWithdrawn
from shared.storage.decision import Decision
from tests.builders.events import at, enveloped
from tests.builders.trials import programme, pupil, season
from tests.builders.walks import GATE, attended, booked, diagnosed, ids, trial

LATER = at("2020-10-08")
BECAUSE = {"ru": "потому что мастер вас похвалил", "en": "because the mentor praised you"}


def walk() -> Path:
    """A path with two trials, in two competencies, that were attended."""
    first, second = trial("2020-10-05"), trial("2020-10-06", competency="games")
    path = attended(booked(booked(diagnosed(), first), second), first).state
    return attended(path, second).state


def mark(path: Path, n: int = 0, gate: SeasonGate = GATE, day: str = "2020-10-08", **marks: int) -> Decision[Path]:
    given = Marks(time=at(day), revision=1, programme="p", marks=marks)
    return feedback.mark(path, pupil(), given, path.attendances[n].id, programme("order", "idea"), gate)


def star(path: Path, stars: int, day: str = "2020-10-08", one: Participant | None = None) -> Decision[Path]:
    return feedback.star(path, one or pupil(), Stars(time=at(day), revision=1, stars=stars), path.attendances[0].id)


def told(decision: Decision[Path]) -> list[tuple[Any, ...]]:
    events = [one.event for one in decision.happened]
    assert all(isinstance(event, FeedbackGiven) for event in events)
    return [(e.giver, e.marks, e.stars, e.revision) for e in events if isinstance(e, FeedbackGiven)]


def test_marks_and_stars_are_given_and_corrected_by_revisions_and_again_change_nothing() -> None:
    marked = mark(walk(), order=5)
    assert told(marked) == [("mentor", {"order": 5}, None, 1)]
    assert told(mark(marked.state, order=5)) == []
    corrected = mark(marked.state, order=4, idea=3)
    assert told(corrected) == [("mentor", {"order": 4, "idea": 3}, None, 2)]
    starred = star(corrected.state, 4)
    assert told(starred) == [("pupil", None, 4, 1)]
    assert told(star(starred.state, 4)) == []
    assert told(star(starred.state, 2)) == [("pupil", None, 2, 2)]
    of = starred.state.attendances[0]
    assert (of.feedback and of.feedback.marks, of.review and of.review.stars) == ({"order": 4, "idea": 3}, 4)


def test_what_does_not_stand_has_no_criteria_or_lies_before_is_refused() -> None:
    path = mark(walk(), order=5).state
    revoked = steps.revoke(path, pupil(), path.attendances[0].id, "wrong list", LATER, GATE).state
    withdrawn = ConsentChange(sequence="0000000003", time=at("2020-10-07"), given=False)
    silent = pupil(consent=False, consent_changes=(*pupil().consent_changes, withdrawn))
    given = Marks(time=LATER, revision=1, programme="", marks={"order": 5})
    cases: list[tuple[Callable[[], object], str]] = [
        (lambda: mark(revoked, order=4), "attendance-revoked"),
        (lambda: star(revoked, 4), "attendance-revoked"),
        (lambda: star(path, 4, one=silent), "consent-missing"),
        (lambda: mark(path, speed=4), "bad-input"),
        (lambda: mark(path, day="2020-10-01", order=4), "bad-input"),
        (lambda: mark(path, day="2020-10-07", order=4), "bad-input"),
        (lambda: feedback.mark(path, pupil(), given, path.attendances[0].id, None, GATE), "criteria-missing"),
    ]
    for refused, slug in cases:
        with pytest.raises(ServiceError) as wrong:
            refused()
        assert wrong.value.type == slug


@pytest.mark.parametrize(
    "marks", [{}, {"order": 0}, {"order": 6}, {"order": "5"}, {"c" * 41: 5}, {f"c{n}": 1 for n in range(21)}]
)
def test_marks_are_of_five_steps_by_a_few_codes(marks: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FeedbackEntry.model_validate({"marks": marks})
    for stars in (0, 6, None):
        with pytest.raises(ValidationError):
            ReviewEntry.model_validate({"stars": stars, "words": "x"})


def test_events_bring_marks_and_stars_back_in_whichever_order_they_are_read() -> None:
    path = walk()
    happened = [one for step in (mark(path, order=5), star(path, 3)) for one in step.happened]
    again = mark(mark(path, order=5).state, order=2).happened[0]
    envelopes = [enveloped(one.event, n, one.time) for n, one in enumerate((again, *happened), 1)]
    restored = path
    for envelope in envelopes:
        restored = walked(restored, envelope, {})
        assert correction_of(envelope) is not None
    of = restored.attendances[0]
    assert (of.feedback and of.feedback.marks, of.review and of.review.stars) == ({"order": 2}, 3)


def advice(**ground: Any) -> Advice:
    tried = {"code": "tried", "kind": "tried", "points": 1, "because": BECAUSE}
    marked = {"code": "praised", "kind": "marked", "points": 5, "at_least": 4, "because": BECAUSE, **ground}
    return define(None, AdviceRules.model_validate({"grounds": [tried, marked]}), in_use=False)


def test_high_marks_speak_for_a_competency_and_other_marks_lead_to_another_revision() -> None:
    gate = SeasonGate(season(), ids(), advice())
    path = walk()
    assert path.in_force is not None
    assert path.in_force.competencies == ("games", "gov")
    praised = mark(path, gate=gate, order=5, idea=3)
    assert [type(one.event) for one in praised.happened] == [
        FeedbackGiven,
        RecommendationWithdrawn,
        RecommendationIssued,
    ]
    assert praised.state.in_force is not None
    assert (praised.state.in_force.competencies, praised.state.in_force.revision) == (("gov", "games"), 2)
    assert gate.recommended(praised.state).ranked[0].because == ("tried", "praised")
    corrected = mark(praised.state, gate=gate, order=5, idea=2)
    assert corrected.state.in_force is not None
    assert (corrected.state.in_force.competencies, corrected.state.in_force.revision) == (("games", "gov"), 3)
    by_one = SeasonGate(season(), ids(), advice(criterion="order"))
    assert by_one.recommended(corrected.state).ranked[0].code == "gov"
    gone = steps.revoke(praised.state, pupil(), path.attendances[0].id, "wrong list", at("2020-10-09"), gate)
    assert [one.code for one in gate.recommended(gone.state).ranked] == ["games"]


def test_a_venue_reads_nothing_of_fewer_than_five_and_never_whose_it_is() -> None:
    assert SlotReviewsView.of("s", [5, 5, 5, 5], ["a"]) == SlotReviewsView(slot="s", givers=4, average=None, words=[])
    shown = SlotReviewsView.of("s", [5, 4, 5, 4, 3], ["б", "а"])
    assert (shown.average, shown.words) == (4.2, ["а", "б"])


def test_of_an_attendance_that_was_taken_back_no_review_is_shown() -> None:
    path = star(walk(), 4).state
    words = Words.of(Words(path.attendances[0].id, path.id, "Здорово", LATER).document())
    assert ReviewView.of(path.attendances[0], words).words == "Здорово"
    revoked = path.attendances[0].model_copy(update={"revoked": LATER})
    assert ReviewView.of(revoked, words).model_dump(exclude={"attendance"}) == {
        "stars": None,
        "words": None,
        "time": None,
        "revision": 0,
    }


def shown(given: Mapping[str | None, Mapping[str, Mapping[str, int]]]) -> tuple[VenueStars, dict[str | None, float]]:
    """The answer to stars by programme, slot and pupil, and the means of its programmes."""
    slots = {
        code: {slot: [Given(*one) for one in stars.items()] for slot, stars in held.items()}
        for code, held in given.items()
    }
    answer = VenueStars.of(slots, {}, season="2020", venue="V1", venue_name=None)
    return answer, {one.programme: one.average for one in answer.programmes if one.average is not None}


def of(name: str, count: int, stars: int) -> dict[str, int]:
    """So many pupils who gave the same stars."""
    return {f"{name}{n}": stars for n in range(count)}


@pytest.mark.parametrize(
    ("given", "means", "whole"),
    [
        ({"a": {"s": of("a", 5, 4)}}, {"a": 4}, 4),
        ({"a": {"s": of("a", 4, 4)}}, {}, None),
        ({"a": {"s": of("a", 5, 4), "t": of("b", 1, 1)}}, {"a": 4}, 4),
        ({"a": {"s": of("a", 5, 4), "t": of("b", 2, 1), "u": of("c", 3, 1)}}, {"a": 2.5}, 2.5),
        ({"a": {"s": of("a", 5, 4), "t": of("b", 1, 1)}, "b": {"u": of("c", 4, 1)}}, {"a": 4}, 2.5),
        ({"a": {"s": of("a", 5, 4)}, "b": {"u": of("a", 4, 1)}}, {"a": 4}, 4),
        ({"a": {"s": of("a", 3, 4)}, None: {"u": of("b", 2, 4)}}, {}, 4),
        ({None: {f"s{n}": {"p1": 1} for n in range(5)}}, {}, None),
    ],
)
def test_no_stars_of_fewer_than_five_can_be_reckoned_from_means(
    given: Mapping[str | None, Mapping[str, Mapping[str, int]]], means: Mapping[str, float], whole: float | None
) -> None:
    answer, told = shown(given)
    assert (told, answer.average) == (means, whole)
    pupils = {pupil for held in given.values() for stars in held.values() for pupil in stars}
    assert answer.givers == len(pupils)
