"""Paths of entries that are merged and parted: each keeps its own, together they are one, and events say the same."""

from collections import Counter
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.trials.domain.path import steps
from services.trials.domain.path.paths import MOST, overlapping
from shared.base.errors import ServiceError
from shared.contracts.trials import AttendanceRevoked, RecommendationIssued, RecommendationWithdrawn, TrialCancelled
from tests.builders.events import at
from tests.builders.merged_paths import BOOKED_AT, PLACES, Entries, standing, stored
from tests.builders.trials import slot

ACTS = st.tuples(
    st.sampled_from(["s", "d"]),
    st.sampled_from(
        ["sit", "book", "book", "attend", "cancel", "miss", "revoke", "door", "hear", "unhear", "mark", "star"]
    ),
    st.integers(0, 5),
)
TURNS = st.lists(ACTS | st.booleans(), max_size=50)


@settings(max_examples=300)
@given(TURNS)
def test_states_seats_gates_and_events_agree_whenever_entries_are_merged_and_parted(
    turns: list[tuple[str, str, int] | bool],
) -> None:
    entries = Entries()
    for turn in turns:
        if isinstance(turn, bool):
            entries.become(turn)
        else:
            entries.step(*turn)
        paths = [entries.path("s")] if entries.merged else list(entries.rows.values())
        facts = [entries.told["s"] + entries.told["d"]] if entries.merged else [entries.told["s"], entries.told["d"]]
        for path, told in zip(paths, facts, strict=True):
            assert stored(path) == standing(told)
            assert (path.in_force is not None) == (entries.gate.opened_at(path) is not None)
            said = entries.gate.recommended(path).competencies
            assert {recommendation.competencies for recommendation in path.recommendations} <= {said}
            assert all(len(overlapping(path, b)) == 0 for b in path.all_bookings if b.is_live and not path.duplicates)
        held = sum((path.seats for path in paths), Counter[str]())
        assert +entries.seats == held
        if entries.merged:
            twice = [place for place, seats in held.items() if seats > 1]
            taken = {place: [b for b in paths[0].all_bookings if b.slot == place and b.is_live] for place in twice}
            assert all(paths[0].attendance_of(b.id) for held in taken.values() for b in held), "both were attended"


@given(st.lists(ACTS, max_size=30))
def test_a_merging_that_is_undone_gives_back_what_was_but_second_seats(acts: list[tuple[str, str, int]]) -> None:
    entries = Entries()
    for act in acts:
        entries.step(*act)
    before = {id: stored(path) for id, path in entries.rows.items()}
    recommended = {id: [r.competencies for r in path.recommendations] for id, path in entries.rows.items()}
    diagnostics = {id: path.diagnostics for id, path in entries.rows.items()}
    entries.become(merged=True)
    second = set.union(*(of["bookings"] for of in before.values())) - stored(entries.path("s"))["bookings"]
    entries.become(merged=False)
    for id, path in entries.rows.items():
        after = stored(path)
        assert path.diagnostics == diagnostics[id]
        for kind in ("attempts", "attendances", "lessons", "said"):
            assert after[kind] == before[id][kind]
        assert [r.competencies for r in path.recommendations] == recommended[id], "anew where the union's was another"
        assert after["bookings"] == before[id]["bookings"] - second


@given(st.lists(ACTS, max_size=20), st.lists(ACTS, max_size=20))
def test_what_is_entered_meanwhile_stays_with_the_survivor(
    before: list[tuple[str, str, int]], meanwhile: list[tuple[str, str, int]]
) -> None:
    entries = Entries()
    for act in before:
        entries.step(*act)
    entries.become(merged=True)
    own = {b.id for b in entries.rows["d"].bookings}, {a.id for a in entries.rows["d"].attendances}
    attempts, diagnostics = entries.rows["d"].attempts, entries.rows["d"].diagnostics
    for act in meanwhile:
        entries.step(*act)
    entries.become(merged=False)
    duplicate = entries.rows["d"]
    assert ({b.id for b in duplicate.bookings}, {a.id for a in duplicate.attendances}) == own
    assert (duplicate.attempts, duplicate.diagnostics, duplicate.corrections) == (attempts, diagnostics, ())


def entered(*acts: tuple[str, str, int]) -> Entries:
    entries = Entries()
    for act in acts:
        entries.step(*act)
    return entries


BOTH_DESERVE = [
    ("s", "sit", 0),
    ("s", "sit", 1),
    *((id, act, n) for act in ("book", "attend") for id, n in (("s", 0), ("d", 1))),
]


def test_a_recommendation_that_only_the_union_deserves_is_issued_and_withdrawn_by_the_parting() -> None:
    entries = entered(*BOTH_DESERVE)
    assert not [e for e in entries.told["s"] + entries.told["d"] if isinstance(e, RecommendationIssued)]
    entries.become(merged=True)
    issued = entries.told["s"][-1]
    assert isinstance(issued, RecommendationIssued)
    assert (issued.participant, issued.competencies) == ("s", ("c1", "c0"))
    entries.become(merged=False)
    gone = entries.told["s"][-1]
    assert isinstance(gone, RecommendationWithdrawn)
    assert gone.recommendation == issued.recommendation
    assert not [e for e in entries.told["d"] if isinstance(e, RecommendationIssued)]


def test_a_recommendation_happens_with_the_last_of_its_causes_and_is_withdrawn_with_the_parting() -> None:
    entries = entered(*BOTH_DESERVE)
    entries.merged = True
    decision = steps.follow(entries.path("s"), entries.pupil("s"), entries.gate, {})
    assert [fact.time for fact in decision.happened] == [PLACES[1].starts_at + timedelta(minutes=5)]
    entries.keep(decision)
    entries.merged = False
    decision = steps.follow(entries.path("s"), entries.pupil("s"), entries.gate, {})
    assert [fact.time for fact in decision.happened] == [at("2020-11-20")]


def test_of_two_seats_in_a_slot_the_one_that_was_used_stays_or_else_the_survivor_s() -> None:
    entries = entered(("s", "book", 0), ("d", "book", 0), ("s", "book", 1), ("d", "book", 1), ("d", "attend", 1))
    entries.become(merged=True)
    assert {id: [b.slot for b in path.bookings if b.is_live] for id, path in entries.rows.items()} == {
        "s": ["s0"],
        "d": ["s1"],
    }
    assert entries.seats == Counter(s0=1, s1=1)
    given_up = [b.cancelled for path in entries.rows.values() for b in path.bookings if b.cancelled]
    assert given_up == [PLACES[1].starts_at, PLACES[0].starts_at], (
        "the merging is later: it was held until the slot began"
    )
    assert [type(event) for event in entries.told["s"][2:]] == [TrialCancelled] * 2


def test_what_the_survivor_gave_up_of_the_duplicate_is_told_under_its_own_key_once_they_are_parted() -> None:
    entries = entered(("d", "book", 0), ("d", "book", 1), ("d", "attend", 1))
    entries.become(merged=True)
    entries.step("s", "cancel", 0)
    entries.step("s", "revoke", 1)
    told = len(entries.told["d"])
    for _ in range(2):
        entries.become(merged=False)
        assert [event.type for event in entries.told["d"][told:]] == [TrialCancelled.type, AttendanceRevoked.type]
        assert {event.participant for event in entries.told["d"]} == {"d"}  # type: ignore[attr-defined]


def test_overlapping_bookings_of_two_entries_stay_and_name_each_other() -> None:
    early, late = (slot(f"o{n}", starts_at=at("2020-10-06", 9 + n), minutes=90) for n in range(2))
    entries = Entries()
    for id, place in (("s", early), ("d", late)):
        entries.keep(steps.book(entries.path(id), entries.pupil(id).pupil, place, BOOKED_AT, entries.gate.new_id))
    entries.become(merged=True)
    first, second = entries.path("s").all_bookings
    assert overlapping(entries.path("s"), first) == [second.id]
    assert overlapping(entries.path("s"), second) == [first.id]


def test_bounds_hold_for_what_comes_and_not_for_what_is_there() -> None:
    entries = entered(("s", "book", 0), ("d", "book", 1), ("s", "sit", 0), ("s", "sit", 1))
    for id in ("s", "d"):
        row = entries.rows[id]
        given_up = row.bookings[0].model_copy(update={"cancelled": BOOKED_AT})
        many = {"bookings": (*row.bookings, *[given_up] * (MOST - 1)), "attempts": tuple(map(str, range(MOST)))}
        entries.rows[id] = row.model_copy(update=many)
    entries.become(merged=True)
    path = entries.path("s")
    assert len(path.all_bookings) == 2 * MOST
    assert not path.may_attempt("readiness", 1)
    with pytest.raises(ServiceError) as refusal:
        steps.book(path, entries.pupil("s").pupil, PLACES[2], BOOKED_AT, entries.gate.new_id)
    assert refusal.value.type == "too-many-bookings"


def test_one_slot_that_both_attended_counts_once() -> None:
    taken = [(id, act, 0) for act in ("book", "attend") for id in ("s", "d")]
    entries = entered(("s", "sit", 0), ("s", "sit", 1), *taken)
    entries.become(merged=True)
    assert len(entries.path("s").trials) == 1
    assert entries.path("s").in_force is None, "two are required"


def test_the_first_time_of_each_diagnostic_counts_and_stages_follow() -> None:
    entries = entered(("s", "sit", 2), ("d", "sit", 0), ("d", "sit", 1))
    entries.become(merged=True)
    path = entries.path("s")
    assert path.completed() == {"readiness": at("2020-09-14", 9), "interests": at("2020-09-14", 10)}
    reached: datetime | None = path.tested_at(entries.gate.season)
    assert reached == at("2020-09-14", 10)
