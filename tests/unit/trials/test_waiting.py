"""Lines: freed seats are given in order, never more than there are, and whoever confirms keeps the seat."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.trials.domain.path import steps
from services.trials.domain.path.paths import Path, Paths
from services.trials.domain.path.states import States
from services.trials.domain.seats import waiting
from services.trials.domain.seats.waiting import Filling, Joining, Waiter, confirm_by
from services.trials.domain.timetable.slots import Slot
from shared.base.errors import Conflict
from shared.contracts.event import Event
from shared.contracts.trials import TrialBooked, TrialCancelled
from shared.programme.clocks import Clocks
from shared.storage.decision import Decision, NewId
from tests.builders.events import at
from tests.builders.trials import pupil, season, slot
from tests.builders.walks import ids

PUPILS = [f"p{n}" for n in range(8)]
NOW = at("2020-09-10")
SEATS = 2


@dataclass
class Line:
    """A slot of two seats with its line, and an independent list of who is to be next."""

    slot: Slot = field(default_factory=lambda: slot(capacity=SEATS, starts_at=at("2020-12-01")))
    places: dict[str, Waiter] = field(default_factory=dict)
    paths: dict[str, Path] = field(default_factory=lambda: {id: Path.new(id, "2020") for id in PUPILS})
    told: list[Event] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    kept: set[str] = field(default_factory=set)
    now: datetime = NOW
    new_id: NewId = field(default_factory=ids)

    def act(self, act: str, id: str) -> None:
        """One command; one that is refused changes nothing."""
        self.now += timedelta(hours=1)
        try:
            getattr(self, f"_{act}")(id)
        except Conflict:
            return

    def _take(self, decision: Decision[Path]) -> None:
        before, after = self.paths[decision.state.participant], decision.state
        seats = after.seats[self.slot.id] - before.seats[self.slot.id]
        self.paths[after.participant] = after
        self.slot = self.slot.model_copy(update={"booked": self.slot.booked + seats})
        self.told += [one.event for one in decision.happened]

    def _count(self, waiting: int, given: int = 0) -> None:
        changed = {"waiting": self.slot.waiting + waiting, "line": self.slot.line + given}
        self.slot = self.slot.model_copy(update=changed)

    def _book(self, id: str) -> None:
        self._take(steps.book(self.paths[id], pupil(id), self.slot, self.now, self.new_id))

    def _join(self, id: str) -> None:
        known = [self.places[id]] if id in self.places else []
        joining = Joining(pupil(id), season(), self.paths[id], self.now, self.now)
        place = waiting.join(known, self.slot, joining)
        if place not in known:
            self.places[id] = place
            self.expected.append(id)
            self._count(1, 1)

    def _leave(self, id: str) -> None:
        if id in self.places and self.places[id].waits:
            self.places[id] = self.places[id].over("left")
            self.expected.remove(id)
            self._count(-1)

    def _cancel(self, id: str) -> None:
        if (booking := self.paths[id].live_booking(self.slot.id)) is not None:
            self._take(steps.cancel(self.paths[id], pupil(id), booking.id, self.now))
            self.kept.discard(id)

    def _confirm(self, id: str) -> None:
        booking = self.paths[id].live_booking(self.slot.id)
        if booking is not None and booking.confirm_by is not None:
            self._take(waiting.confirm(self.paths[id], booking.id))
            self.places[id] = replace(self.places[id], until=None)
            self.kept.add(id)

    def _day_passes(self, id: str) -> None:
        self.now += timedelta(hours=24)
        for late in [one for one in self.places.values() if one.until is not None and one.until <= self.now]:
            assert late.booking is not None
            decision = waiting.lapse(self.paths[late.participant], pupil(late.participant), late.booking, self.now)
            self._take(decision)
            self.places[late.participant] = replace(late, until=None)

    def _fill(self, id: str) -> None:
        pupils = {id: pupil(id) for id in PUPILS}
        clocks, entries = Clocks({"RU-ROS": "+03:00"}), {id: [id] for id in PUPILS}
        states = States(pupils, Paths(self.paths.values()), {"2020": season()}, clocks, entries)
        filling = Filling(self.slot, states, self.new_id, self.now)
        free = self.slot.free_seats
        filling.serve(sorted((one for one in self.places.values() if one.waits), key=lambda one: one.number))
        given = [one.participant for one in filling.changed]
        assert given == self.expected[:free]
        self.expected = self.expected[len(given) :]
        self._count(-len(given))
        self.places |= {one.participant: one for one in filling.changed}
        for decision in states.paths.made:
            self._take(decision)


ACTS = ("book", "book", "join", "join", "join", "leave", "cancel", "cancel", "confirm", "day_passes", "fill", "fill")


@given(st.lists(st.tuples(st.sampled_from(ACTS), st.sampled_from(PUPILS)), max_size=60))
def test_seats_are_given_in_the_order_of_the_line_and_who_confirms_keeps_it(commands: list[tuple[str, str]]) -> None:
    line = Line()
    for act, id in commands:
        line.act(act, id)
        held = {id for id, path in line.paths.items() if path.seats[line.slot.id]}
        assert line.slot.booked == len(held) <= SEATS
        assert all(path.seats[line.slot.id] <= 1 for path in line.paths.values())
        assert line.slot.waiting == len(line.expected) == sum(place.waits for place in line.places.values())
        assert line.kept <= held
        assert not held & set(line.expected)
    booked = sum(isinstance(event, TrialBooked) for event in line.told)
    assert booked - sum(isinstance(event, TrialCancelled) for event in line.told) == line.slot.booked


def filled(line: Line) -> Line:
    """Both seats are taken, and `p2` waits."""
    for act, id in (("book", "p0"), ("book", "p1"), ("join", "p2")):
        line.act(act, id)
    return line


def test_a_seat_is_not_waited_for_while_one_is_free_and_nobody_passes_the_line() -> None:
    line = Line()
    with pytest.raises(Conflict, match="a seat is free"):
        line._join("p2")
    filled(line).act("cancel", "p0")
    assert (line.slot.open_seats, line.slot.free_seats) == (0, 1)
    with pytest.raises(Conflict, match="no seat is left"):
        line._book("p3")
    line.act("join", "p3")
    assert [line.places[id].number for id in ("p2", "p3")] == [1, 2]


def test_a_seat_is_confirmed_within_a_day_but_well_before_the_start() -> None:
    start = at("2020-12-01")
    assert confirm_by(start - timedelta(days=9), start) == start - timedelta(days=8)
    assert confirm_by(start - timedelta(hours=20), start) == start - timedelta(hours=6)
    assert confirm_by(start - timedelta(hours=8), start) == start - timedelta(hours=6)
    assert confirm_by(start - timedelta(hours=7, minutes=59), start) is None


def test_what_nobody_confirmed_goes_to_the_next_with_the_time_at_which_it_was_due() -> None:
    line = filled(Line())
    line.act("cancel", "p0")
    line.act("fill", "p2")
    until = line.paths["p2"].bookings[0].confirm_by
    line.act("day_passes", "p2")
    (booking,) = line.paths["p2"].bookings
    assert (booking.given_up, booking.cancelled) == ("unconfirmed", until)
    assert isinstance(line.told[-1], TrialCancelled)
    assert line.told[-1].reason == "unconfirmed"


def test_a_line_ends_with_its_slot_and_who_is_busy_is_told_so() -> None:
    line = filled(Line())
    line.act("join", "p3")
    busy = slot("other", starts_at=line.slot.starts_at)
    line.paths["p2"] = steps.book(line.paths["p2"], pupil("p2"), busy, line.now, line.new_id).state
    pupils = {id: pupil(id) for id in PUPILS}
    states = States(pupils, Paths(line.paths.values()), {"2020": season()}, Clocks({"RU-ROS": "+03:00"}), {})
    free = line.slot.model_copy(update={"booked": 1})
    filling = Filling(free, states, line.new_id, line.now)
    filling.serve([line.places["p2"], line.places["p3"]])
    assert [(one.participant, one.ended) for one in filling.changed] == [("p2", "time-conflict"), ("p3", "seated")]
    late = Filling(free, states, line.new_id, line.slot.starts_at)
    late.serve([line.places["p2"]])
    assert [one.ended for one in late.changed] == ["slot-past"]


def test_a_pupil_waits_in_so_many_lines_and_a_slot_has_so_long_a_line() -> None:
    line = filled(Line())
    joining = Joining(pupil("p4"), season(), line.paths["p4"], line.now, line.now)
    others = [Waiter("p4/2020", f"o{n}", 1, line.now) for n in range(waiting.MOST_LINES)]
    with pytest.raises(Conflict) as refused:
        waiting.join(others, line.slot, joining)
    assert refused.value.type == "too-many-lines"
    full = line.slot.model_copy(update={"waiting": waiting.PER_SEAT * SEATS})
    with pytest.raises(Conflict) as refused:
        waiting.join([], full, joining)
    assert refused.value.type == "line-full"
