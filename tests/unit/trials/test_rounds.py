"""An attempt belongs to the round of its day: what completes a season, and what is taken back and relearned."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.trials.copies.joining import Joined
from services.trials.domain.calendar import seasons
from services.trials.domain.calendar.restored_seasons import defined as restored_season
from services.trials.domain.calendar.seasons import Season, SeasonRules
from services.trials.domain.catalogue.diagnostics import Attempt
from services.trials.domain.path import rounds, steps
from services.trials.domain.path.gates import SeasonGate
from services.trials.domain.path.paths import Path
from services.trials.domain.path.restoring import correction_of, nameless_attempt, retracted, walked
from shared.base.errors import Conflict
from shared.contracts.trials import DiagnosticCompleted, DiagnosticRevoked, SeasonDefined
from shared.storage.decision import Decision
from tests.builders.events import at, enveloped
from tests.builders.trials import RULES, pupil, season
from tests.builders.walks import ids

OPENS = "2020-11-01"
TWO_ROUNDS: dict[str, Any] = {"second_round": {"opens": OPENS}}


def attempt(diagnostic: str, time: datetime, rules: Season, ref: str = "1", path: str = "p1/2020") -> Attempt:
    id = f"{path}-{diagnostic}-{ref}"
    return Attempt(path, f"{diagnostic}-{ref}", id, diagnostic, b"", {}, time, round=rules.round_of(time))


def taken(path: Path, attempts: Sequence[Attempt], rules: Season) -> list[Decision[Path]]:
    decisions: list[Decision[Path]] = []
    for one in attempts:
        path = decisions[-1].state if decisions else path
        decisions.append(steps.complete(path, pupil(path.participant), one, SeasonGate(rules, ids())))
    return decisions


@pytest.mark.parametrize(
    ("day", "hour", "expected"),
    [("2020-10-31", 23, 1), ("2020-11-01", 0, 2), ("2020-12-16", 12, 2), ("2020-07-07", 0, 1)],
)
def test_a_day_belongs_to_the_round_that_has_begun_on_it(day: str, hour: int, expected: int) -> None:
    assert season(**TWO_ROUNDS).round_of(at(day, hour)) == expected
    assert season().round_of(at(day, hour)) == 1, "there is one round only"


@pytest.mark.parametrize("opens", [RULES["opens"], "2020-12-17", "2019-01-01"])
def test_the_second_round_opens_on_a_later_day_of_the_season(opens: str) -> None:
    with pytest.raises(ValidationError, match="opens on no later day of the season") as refused:
        SeasonRules.model_validate({**RULES, "second_round": {"opens": opens}})
    assert refused.value.errors()[0]["loc"] == ("second_round",)


def test_a_season_in_use_gets_no_second_round() -> None:
    asked = SeasonRules.model_validate({**RULES, **TWO_ROUNDS})
    with pytest.raises(Conflict) as refused:
        seasons.define(season(), "2020", asked, at("2020-09-01"))
    assert refused.value.type == "season-in-use"
    assert seasons.define(season(**TWO_ROUNDS), "2020", asked, at("2020-09-01")).happened == ()


def test_a_season_comes_back_with_its_rounds_from_its_event() -> None:
    asked = SeasonRules.model_validate({**RULES, **TWO_ROUNDS, "tested_by": "any-round"})
    defined = seasons.define(None, "2020", asked, at("2020-07-01"))
    (happened,) = defined.happened
    assert isinstance(happened.event, SeasonDefined)
    assert (str(happened.event.second_round), happened.event.tested_by) == (OPENS, "any-round")
    restored = restored_season(None, enveloped(happened.event, 1, happened.time), happened.event)
    assert restored.model_dump(exclude={"sequence"}) == defined.state.model_dump(exclude={"sequence"})
    old = happened.event.model_dump(exclude={"second_round", "tested_by"})
    assert SeasonDefined.model_validate(old).second_round is None, "a record of the release before"


def test_the_gate_asks_for_the_first_round_unless_the_season_takes_any() -> None:
    late = at("2020-11-20")
    for tested_by, opened in (("first-round", None), ("any-round", late)):
        rules = season(**TWO_ROUNDS, tested_by=tested_by, recommendation_gate="after-diagnostics")
        first = attempt("readiness", at("2020-09-14"), rules)
        path = taken(Path.new("p1", "2020"), [first, attempt("interests", late, rules)], rules)[-1].state
        assert path.tested_at(rules) == opened
        assert (path.recommendation is not None) == (opened is not None)
        assert (path.diagnostics, path.second_round) == ({"readiness": first.time}, {"interests": late})


def test_a_repeat_in_the_second_round_moves_nothing_of_the_first() -> None:
    rules = season(**TWO_ROUNDS, recommendation_gate="after-diagnostics")
    done = [attempt(code, at("2020-09-14"), rules) for code in ("readiness", "interests")]
    again = [attempt(code, at("2020-11-14"), rules, ref="2") for code in ("readiness", "interests")]
    decisions = taken(Path.new("p1", "2020"), [*done, *again], rules)
    events = [h.event for h in decisions[-1].happened]
    assert [getattr(event, "round", None) for event in events] == [2], "no recommendation is issued anew"
    path = decisions[-1].state
    assert path.tested_at(rules) == at("2020-09-14")
    assert path.second_round == {"readiness": at("2020-11-14"), "interests": at("2020-11-14")}


def test_rounds_of_merged_entries_come_together() -> None:
    rules = season(**TWO_ROUNDS)
    own = taken(Path.new("s", "2020"), [attempt("readiness", at("2020-11-14"), rules, path="s/2020")], rules)
    other = taken(Path.new("d", "2020"), [attempt("readiness", at("2020-09-14"), rules, path="d/2020")], rules)
    path = own[-1].state.model_copy(update={"duplicates": (other[-1].state,)})
    assert path.completed() == {"readiness": at("2020-09-14")}
    assert path.completed([2]) == {"readiness": at("2020-11-14")}
    assert path.completed([1, 2]) == {"readiness": at("2020-09-14")}


def test_an_attempt_without_consent_is_taken_back_with_its_round_alone() -> None:
    rules = season(**TWO_ROUNDS)
    attempts = [attempt("readiness", at(day), rules, ref) for day, ref in (("2020-09-14", "1"), ("2020-11-14", "2"))]
    path = taken(Path.new("p1", "2020"), attempts, rules)[-1].state
    ended = pupil().consent_changes[0].model_copy(update={"sequence": "8", "time": at("2020-11-01"), "given": False})
    one = pupil(consent=False, consent_changes=(*pupil().consent_changes, ended))
    decision = steps.follow(path, Joined(one), SeasonGate(rules, ids()), {path.id: attempts})
    (revoked,) = [h.event for h in decision.happened]
    assert isinstance(revoked, DiagnosticRevoked)
    assert (revoked.round, revoked.attempt) == (2, attempts[1].id)
    assert (decision.state.diagnostics, decision.state.second_round) == ({"readiness": at("2020-09-14")}, {})


def test_an_old_row_and_an_old_record_are_of_the_first_round() -> None:
    stored = attempt("readiness", at("2020-09-14"), season()).document()
    assert "round" not in stored
    assert Attempt.of(stored).round == 1
    second = attempt("readiness", at("2020-11-14"), season(**TWO_ROUNDS)).document()
    assert Attempt.of(second).round == 2
    fields = taken(Path.new("p1", "2020"), [attempt("readiness", at("2020-09-14"), season())], season())[0]
    event = fields.happened[0].event
    assert DiagnosticCompleted.model_validate(event.model_dump(exclude={"round"})) == event


def scored(profile: dict[str, float], day: str, ref: str) -> Attempt:
    return replace(attempt("readiness", at(day), season(**TWO_ROUNDS), ref), profile=profile)


def test_the_change_is_that_between_the_last_attempts_of_both_rounds() -> None:
    first = scored({"maths": 90.0}, "2020-09-14", "1")
    last = scored({"maths": 33.3, "people": 50.0, "gone": 1.0}, "2020-10-14", "2")
    second = scored({"maths": 66.6, "people": 25.0, "new": 1.0}, "2020-11-14", "3")
    lost = scored({}, "2020-11-20", "4")
    (change,) = rounds.changes([second, last, first, lost])
    assert (change.diagnostic, change.before, change.after) == ("readiness", last.id, second.id)
    assert change.scales == {"maths": 33.3, "people": -25.0}
    assert rounds.changes([first, last]) == rounds.changes([second, lost]) == []


DAYS = st.integers(0, 100).map(lambda n: at("2020-09-01", 24 * n % 24).replace(month=9 + n // 30, day=1 + n % 30))
ATTEMPTS = st.lists(st.tuples(st.sampled_from(["readiness", "interests"]), DAYS), max_size=8)


@given(ATTEMPTS, st.sets(st.integers(0, 7)))
def test_what_is_left_after_attempts_are_taken_back_is_what_the_others_complete(
    said: Sequence[tuple[str, datetime]], gone: set[int]
) -> None:
    """By the rules and from the topic alone."""
    rules = season(**TWO_ROUNDS)
    attempts = [attempt(code, time, rules, str(n)) for n, (code, time) in enumerate(said)]
    decisions = taken(Path.new("p1", "2020"), attempts, rules)
    path = decisions[-1].state if decisions else Path.new("p1", "2020")
    left = [one for n, one in enumerate(attempts) if n not in gone]
    back = [one for n, one in enumerate(attempts) if n in gone]
    expected = Path.new("p1", "2020")
    for one in left:
        expected = rounds.completing(expected, one.diagnostic, one.round, one.time)
    after = rounds.without(path, {(one.diagnostic, one.round) for one in back}, left)
    assert (after.diagnostics, after.second_round) == (expected.diagnostics, expected.second_round)

    restored, known = Path.new("p1", "2020"), []
    for number, decision in enumerate(decisions, 1):
        envelope = enveloped(decision.happened[0].event, number, decision.happened[0].time)
        restored = walked(restored, envelope, {})
        known += [one for one in [nameless_attempt(envelope)] if one]
    assert (restored.diagnostics, restored.second_round) == (path.diagnostics, path.second_round)
    corrections = []
    for one in back:
        event = DiagnosticRevoked(
            **pupil().event_fields, season="2020", diagnostic=one.diagnostic, attempt=one.id, round=one.round
        )
        corrections += [c for c in [correction_of(enveloped(event, 99, one.time))] if c]
    ids_back = {one.id for one in back}
    again = retracted(restored, corrections, [], [one for one in known if one.id not in ids_back])
    assert (again.diagnostics, again.second_round) == (expected.diagnostics, expected.second_round)
