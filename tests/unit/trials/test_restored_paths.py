"""Paths as their own events tell of them, for a database that was put back: all steps hold, and corrections too."""

from datetime import datetime

from services.trials.domain.path import steps
from services.trials.domain.path.paths import Path
from services.trials.domain.path.restoring import (
    corrected_elsewhere,
    correction_of,
    has,
    nameless_attempt,
    retracted,
    walked,
)
from shared.contracts.event import Envelope
from shared.contracts.trials import DiagnosticCompleted
from shared.storage.decision import Decision, Happened
from tests.builders.events import at, enveloped, undone
from tests.builders.events import diagnosed as completed
from tests.builders.trials import pupil, slot
from tests.builders.walks import GATE, attended, booked, diagnosed, ids, sat, trial


def numbered(happened: list[Happened]) -> list[Envelope]:
    return [enveloped(one.event, number, one.time) for number, one in enumerate(happened, 1)]


def story() -> tuple[Path, list[Envelope]]:
    """A path through everything, and its events: a recommendation is issued, withdrawn and issued anew."""
    happened: list[Happened] = []

    def then(decision: Decision[Path]) -> Path:
        happened.extend(decision.happened)
        return decision.state

    new_id, first, second, third = ids(), trial("2020-10-05"), trial("2020-10-06"), trial("2020-10-07")
    path = then(sat(Path.new("p1", "2020"), "readiness", "2020-09-14"))
    path = then(sat(path, "interests", "2020-09-15"))
    for place in (first, second, third):
        path = then(steps.book(path, pupil(), place, at("2020-09-20"), new_id))
    path = then(steps.cancel(path, pupil(), path.bookings[2].id, at("2020-09-21")))
    path = then(attended(path, first))
    path = then(attended(path, second))
    mistake = path.attendances[1].id
    path = then(steps.revoke(path, pupil(), mistake, "wrong", at("2020-10-08"), GATE))
    return path, numbered(happened)


def test_a_path_is_brought_to_where_it_was_by_its_events() -> None:
    path, events = story()
    slots = {place.id: place for place in (trial("2020-10-05"), trial("2020-10-06"), trial("2020-10-07"))}
    reasons = tuple(a.model_copy(update={"reason": None}) for a in path.attendances)
    refs = tuple(f"\x1f{e.event.attempt}" for e in events if isinstance(e.event, DiagnosticCompleted))
    expected = path.model_copy(update={"sequence": len(events), "attempts": refs, "attendances": reasons})
    state = Path.new("p1", "2020")
    for envelope in events:
        state = walked(state, envelope, slots)
    assert state == expected
    assert len(events) > 8


def test_what_a_survivor_took_back_is_noted_with_the_duplicate() -> None:
    path = booked(diagnosed(), trial("2020-10-05"))
    given_up = steps.cancel(path, pupil(), path.bookings[0].id, at("2020-09-21"))
    correction = correction_of(numbered(list(given_up.happened))[0])
    assert correction is not None
    assert has(path, correction)
    noted = corrected_elsewhere(path, correction)
    assert (noted.bookings[0].cancelled, noted.corrections) == (at("2020-09-21"), (correction,))
    other = Path.new("p2", "2020")
    assert not has(other, correction)
    assert corrected_elsewhere(other, correction) == other


def test_a_seat_in_a_slot_that_is_not_known_is_not_made_up() -> None:
    booking = steps.book(Path.new("p1", "2020"), pupil(), slot(), at("2020-09-20"), ids())
    state = walked(Path.new("p1", "2020"), numbered(list(booking.happened))[0], {})
    assert (state.bookings, state.sequence) == ((), 1)


def test_the_first_time_of_a_diagnostic_stays() -> None:
    def completed(day: datetime, number: int) -> Envelope:
        decision = sat(Path.new("p1", "2020"), "readiness", day.date().isoformat())
        return enveloped(decision.happened[0].event, number, decision.happened[0].time)

    state = Path.new("p1", "2020")
    for number, day in enumerate(("2020-09-14", "2020-09-10", "2020-09-20"), 1):
        state = walked(state, completed(at(day), number), {})
    assert state.diagnostics["readiness"].date().isoformat() == "2020-09-10"


def test_an_attempt_that_was_taken_back_completes_nothing_but_another_one_may() -> None:
    first, second = at("2020-09-14"), at("2020-09-20")
    told = [
        enveloped(event, n, time)
        for n, (event, time) in enumerate(
            [(completed(attempt="a1"), first), (completed(attempt="a2"), second), (undone(attempt="a1"), first)], 1
        )
    ]
    state = Path.new("p1", "2020")
    for envelope in told[:2]:
        state = walked(state, envelope, {})
    assert state.diagnostics == {"readiness": first}
    taken_back = correction_of(told[2])
    assert taken_back is not None
    assert (taken_back.kind, taken_back.id, taken_back.diagnostic) == ("retracted", "a1", "readiness")
    alone = [nameless_attempt(envelope) for envelope in told]
    assert [(one.id, one.time, one.profile) for one in alone if one] == [("a1", first, {}), ("a2", second, {})]
    assert len({*state.attempts, *(one.ref for one in alone if one)}) == 2, "each by a ref that no sender has"
    assert not has(state, taken_back), "it stands in no path"
    state = walked(state, told[2], {})
    assert state.sequence == 3
    left = [one for one in alone if one and one.id == "a2"]
    repeated = retracted(state, [taken_back], [], left)
    assert (repeated.diagnostics, repeated.attempts) == ({"readiness": second}, (left[0].ref,))
    assert retracted(state, [taken_back], [], []).diagnostics == {}
    assert retracted(state, [taken_back], [taken_back], []).corrections == (taken_back,), "a duplicate notes it"
