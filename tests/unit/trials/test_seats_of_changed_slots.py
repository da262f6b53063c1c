"""Whatever is booked, moved, resized and called off in any order: seats add up, and bookings come to their slots."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from tests.builders.changed_timetables import PLACES, PUPILS, Timetable

ACTS = ("book", "book", "book", "cancel", "attend", "withdraw", "move", "move", "resize", "close", "follow")
COMMANDS = st.lists(
    st.tuples(st.sampled_from(ACTS), st.integers(0, len(PUPILS) - 1), st.integers(0, PLACES - 1), st.integers(0, 9)),
    max_size=40,
)


@given(COMMANDS)
def test_seats_are_never_more_than_there_are_and_are_those_that_paths_hold(
    commands: list[tuple[str, int, int, int]],
) -> None:
    timetable = Timetable()
    for command in commands:
        timetable.act(*command)
        held = timetable.held()
        for place in timetable.slots.values():
            assert place.booked == held[place.id], command
            assert 0 <= place.booked <= place.capacity, command
        assert timetable.as_told() == {booking.id: booking.starts_at for _, booking in timetable.live()}, command


@given(COMMANDS)
def test_bookings_come_to_where_their_slots_are_and_then_nothing_follows_any_more(
    commands: list[tuple[str, int, int, int]],
) -> None:
    timetable = Timetable()
    for command in commands:
        timetable.act(*command)
    timetable.follow_all()
    waiting = [(id, b) for id, b in timetable.live() if timetable.paths[id].attendance_of(b.id) is None]
    for id, booking in waiting:
        place = timetable.slots[booking.slot]
        assert place.closed is None
        assert (booking.starts_at, booking.minutes) == (place.starts_at, place.minutes)
        assert timetable.pupils[id].pupil.has_consent(booking.time, booking.starts_at)
    for (one, first), (other, second) in combinations(waiting, 2):
        if one == other:
            assert first.ends_at <= second.starts_at or second.ends_at <= first.starts_at
    told = len(timetable.told)
    timetable.slots = {id: place.model_copy(update={"following": ""}) for id, place in timetable.slots.items()}
    timetable.follow_all()
    assert len(timetable.told) == told
