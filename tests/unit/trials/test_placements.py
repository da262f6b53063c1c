"""A class over several slots: every seat that helps is given, each pupil has one, and again nothing changes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.trials.domain.path import steps
from services.trials.domain.path.caller import Caller, Said
from services.trials.domain.path.claims import Allowance, Pair
from services.trials.domain.path.paths import Path, Paths
from services.trials.domain.path.states import States
from services.trials.domain.seats.bookings import BookingBatch
from services.trials.domain.seats.placements import Placing, slots_of
from services.trials.domain.timetable.slots import Slot
from shared.base.errors import BadInput, ServiceError
from shared.identity.grants import Grant
from shared.identity.principal import Principal
from shared.programme.clocks import Clocks
from tests.builders.events import PLACE, at
from tests.builders.trials import pupil, slot
from tests.builders.trials import season as rules
from tests.builders.walks import BOOKED_AT, attended, booked, ids, trial

NAVIGATOR = Principal("staff", "staff", (Grant("navigator", "RU-ROS-001-S01"),))
DAYS = ("2020-10-05", "2020-10-06", "2020-10-07")
GRADES = st.lists(st.integers(6, 9), min_size=1, max_size=5)
SLOTS = st.lists(
    st.builds(
        lambda n, low, wide, seats: slot(
            f"s{n}", starts_at=at(DAYS[n % 3], 14), grades=(low, low + wide), capacity=max(seats, 1), booked=seats == 0
        ),
        st.integers(0, 5),
        st.integers(6, 9),
        st.integers(0, 2),
        st.integers(0, 2),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda one: one.id,
)


def placing(
    slots: Sequence[Slot], grades: Sequence[int], *paths: Path, quotas: Mapping[str, int] | None = None
) -> Placing:
    """Pupils `p0`, `p1` and so on of these grades, the slots in which they may be seated, and quotas by venue."""
    pupils = {f"p{n}": pupil(f"p{n}", grade=grade) for n, grade in enumerate(grades)}
    entries = {id: [id] for id in pupils}
    states = States(
        pupils, Paths(paths), {"2020": rules(quotas_bind=quotas is not None)}, Clocks({"RU-ROS": "+03:00"}), entries
    )
    free = {("2020", Pair(PLACE["school"], venue)): units for venue, units in (quotas or {}).items()}
    batch = BookingBatch({one.id: one for one in slots}, states, ids(), Allowance(free))
    caller = Caller(NAVIGATOR, datetime(2020, 12, 1, tzinfo=UTC), pupils, states.zones)
    return Placing(batch, "2020", slots_of("2020", [one.id for one in slots], batch.slots), Said(BOOKED_AT), caller)


def placed(placing: Placing, named: Sequence[str]) -> list[tuple[str, bool]]:
    """Of each pupil the slot and whether it is new, or the reason."""
    seats = placing.seats(named)
    found = []
    for id in named:
        try:
            done = placing.book(id, seats)
        except ServiceError as refused:
            found.append((refused.type, False))
        else:
            found.append((done.value.step.slot, done.new))
    return found


@given(GRADES, SLOTS)
def test_as_many_are_seated_as_can_be_and_the_same_again_changes_nothing(grades: list[int], slots: list[Slot]) -> None:
    named = [f"p{n}" for n in range(len(grades))]
    at_once = placing(slots, grades)
    first = placed(at_once, named)
    by_id = {one.id: one for one in slots}
    taken = Counter(slot for slot, new in first if new)
    assert all(taken[one.id] <= one.open_seats for one in slots)
    seated = {id: by_id[where] for id, (where, new) in zip(named, first, strict=True) if new}
    assert all(one.grades[0] <= grades[int(id[1:])] <= one.grades[1] for id, one in seated.items())
    ways = product(*([None, *(one for one in slots if one.grades[0] <= own <= one.grades[1])] for own in grades))
    possible = (Counter(one.id for one in way if one) for way in ways)
    most = max(way.total() for way in possible if all(way[one.id] <= one.open_seats for one in slots))
    assert len(seated) == most
    assert placed(at_once, named) == [(where, False) for where, _ in first]
    assert sum(len(decision.happened) for decision in at_once.batch.states.paths.made) == most


def test_a_pupil_moves_on_for_one_who_can_sit_nowhere_else() -> None:
    slots = [slot("early", capacity=1), slot("late", starts_at=at("2020-10-06"), capacity=1, grades=(7, 7))]
    assert placed(placing(slots, [7, 8]), ["p0", "p1"]) == [("late", True), ("early", True)]


def test_what_was_tried_is_given_last_and_who_missed_has_not_tried() -> None:
    tried = attended(booked(Path.new("p0", "2020"), trial("2020-10-01")), trial("2020-10-01")).state
    away = booked(Path.new("p1", "2020"), trial("2020-10-01"))
    missed = away.bookings[0].model_copy(update={"missed": at("2020-10-02")})
    away = away.model_copy(update={"id": "p1/2020", "participant": "p1", "bookings": (missed,)})
    slots = [slot("again"), slot("other", competency="games", starts_at=at("2020-10-06"), capacity=1)]
    assert placed(placing(slots, [7, 7], tried, away), ["p0", "p1"]) == [("other", True), ("again", True)]
    assert placed(placing(slots[:1], [7], tried), ["p0"]) == [("again", True)]


def test_a_seat_in_one_of_the_slots_is_kept() -> None:
    seated = steps.book(Path.new("p0", "2020"), pupil("p0"), slot("late", starts_at=at("2020-10-06")), BOOKED_AT, ids())
    slots = [slot("early"), slot("late", starts_at=at("2020-10-06"), booked=1, capacity=1)]
    assert placed(placing(slots, [7, 7], seated.state), ["p0", "p0", "p1"]) == [
        ("late", False),
        ("late", False),
        ("early", True),
    ]


def test_of_all_refusals_the_nearest_is_told() -> None:
    busy = booked(Path.new("p0", "2020"), slot("elsewhere"))
    other = slot("other", grades=(9, 9), starts_at=at("2020-10-06"))
    assert placed(placing([slot("same-time"), other], [7], busy), ["p0", "p9"]) == [
        ("time-conflict", False),
        ("participant-unknown", False),
    ]
    full = slot("full", starts_at=at("2020-10-07"), capacity=1, booked=1)
    assert placed(placing([other, full], [7]), ["p0"]) == [("slot-full", False)]
    assert placed(placing([other], [7]), ["p0"]) == [("grade-outside-slot", False)]
    assert placed(placing([slot(capacity=1)], [7, 7]), ["p0", "p1"]) == [("s1", True), ("slot-full", False)]


def test_whom_the_quota_of_a_venue_leaves_out_is_seated_at_another() -> None:
    slots = [slot("near", venue="near"), slot("far", venue="far", starts_at=at("2020-10-06"))]
    class_of_four = [f"p{n}" for n in range(4)]
    two_and_one = placing(slots, [7] * 4, quotas={"near": 2, "far": 1})
    assert placed(two_and_one, class_of_four) == [
        ("near", True),
        ("near", True),
        ("far", True),
        ("quota-exhausted", False),
    ]
    assert placed(placing(slots, [7] * 4, quotas={"near": 1, "far": 9}), class_of_four) == [
        ("near", True),
        *[("far", True)] * 3,
    ]


def test_who_comes_first_goes_elsewhere_where_the_quota_is_not_enough_for_who_can_only_go_there() -> None:
    slots = [slot("near", venue="near"), slot("far", venue="far", grades=(7, 7), starts_at=at("2020-10-06"))]
    assert placed(placing(slots, [7, 8, 8], quotas={"near": 1, "far": 1}), ["p0", "p1", "p2"]) == [
        ("far", True),
        ("near", True),
        ("quota-exhausted", False),
    ]


def test_a_slot_of_another_season_is_named() -> None:
    with pytest.raises(BadInput) as refused:
        slots_of("2020", ["s1", "s2"], {"s1": slot(), "s2": slot("s2", season="2021")})
    assert refused.value.errors[0].pointer == "slots/1"
