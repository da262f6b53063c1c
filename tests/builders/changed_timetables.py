"""Slots that are booked, moved, resized and called off, and the paths that follow them bit by bit."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.trials.copies.joining import Joined
from services.trials.copies.participants import ConsentChange, Participant
from services.trials.domain.path import steps
from services.trials.domain.path.path_parts import Booking
from services.trials.domain.path.paths import Path
from services.trials.domain.seats.rebooking import rebooked
from services.trials.domain.timetable import slot_changes
from services.trials.domain.timetable.slot_changes import Change, SlotClosing, SlotMove, SlotSize
from services.trials.domain.timetable.slots import Slot
from shared.base.errors import ServiceError
from shared.contracts.event import Event
from shared.contracts.timetables import TrialMoved
from shared.contracts.trials import TrialBooked, TrialCancelled
from shared.storage.decision import Decision, NewId
from tests.builders.events import ROSTOV, at
from tests.builders.trials import pupil, season, slot
from tests.builders.walks import GATE, ids

PUPILS = ("p0", "p1", "p2")
"""The first of them has a second entry, `d`, which is joined to it and books nothing any more."""
PLACES = 3
BEGIN = at("2020-09-10")


@dataclass
class Timetable:
    """Three slots of two seats, the paths of three pupils, and whatever was told of them."""

    slots: dict[str, Slot] = field(default_factory=dict)
    paths: dict[str, Path] = field(default_factory=dict)
    pupils: dict[str, Joined] = field(default_factory=dict)
    told: list[Event] = field(default_factory=list)
    now: datetime = BEGIN
    new_id: NewId = field(default_factory=ids)

    def __post_init__(self) -> None:
        for n in range(PLACES):
            self.slots[f"s{n}"] = slot(f"s{n}", starts_at=at("2020-10-05", 9 + 2 * n), minutes=60, capacity=2)
        for id in PUPILS:
            self.paths[id], self.pupils[id] = Path.new(id, "2020"), Joined(pupil(id))
        before = steps.book(Path.new("d", "2020"), pupil("d"), self.slots["s0"], self.now, self.new_id)
        self.told += [fact.event for fact in before.happened]
        self.slots["s0"] = self.slots["s0"].with_seat_taken()
        self.paths["p0"] = self.paths["p0"].model_copy(update={"duplicates": (before.state,)})
        self.pupils["p0"] = Joined(pupil("p0"), (pupil("d"),))

    def act(self, what: str, who: int, where: int, n: int) -> None:
        """Does one command, if the rules let it pass."""
        self.now += timedelta(hours=1)
        try:
            getattr(self, f"_{what}")(PUPILS[who], f"s{where}", n)
        except (ServiceError, StopIteration):
            return

    def follow_all(self) -> None:
        """Lets all bookings follow."""
        for id in self.slots:
            while self.slots[id].following is not None:
                self._follow("", id, 0)

    def live(self) -> Iterator[tuple[str, Booking]]:
        """Yields the bookings in force, each with its pupil."""
        return ((id, b) for id, path in self.paths.items() for b in path.all_bookings if b.is_live)

    def held(self) -> Counter[str]:
        """Slot → seats that paths hold."""
        return Counter(booking.slot for _, booking in self.live())

    def as_told(self) -> dict[str, datetime]:
        """Booking in force → when it begins, as events alone say it."""
        found: dict[str, datetime] = {}
        for event in self.told:
            match event:
                case TrialBooked(booking=id, starts_at=starts_at) if starts_at is not None:
                    found[id] = starts_at
                case TrialMoved():
                    found[event.booking] = event.starts_at
                case TrialCancelled():
                    del found[event.booking]
        return found

    def _keep(self, id: str, decision: Decision[Path]) -> None:
        """Stores a path and counts the seats, as the repository does."""
        taken = decision.state.seats.copy()
        taken.subtract(self.paths[id].seats)
        for place, seats in taken.items():
            known = self.slots[place]
            self.slots[place] = known.model_copy(update={"booked": known.booked + seats})
        self.paths[id] = decision.state
        self.told += [fact.event for fact in decision.happened]

    def _change(self, place: str) -> Change:
        attended = any(a.slot == place for path in self.paths.values() for a in path.attended)
        return Change(season(), ROSTOV, self.now, attended)

    def _book(self, who: str, place: str, _: int) -> None:
        one = self.pupils[who].pupil
        if one.consent:
            self._keep(who, steps.book(self.paths[who], one, self.slots[place], self.now, self.new_id))

    def _cancel(self, who: str, place: str, _: int) -> None:
        booking = next(b for b in self.paths[who].all_bookings if b.slot == place)
        self._keep(who, steps.cancel(self.paths[who], self.pupils[who].pupil, booking.id, self.now))

    def _attend(self, who: str, place: str, _: int) -> None:
        booking = next(b for b in self.paths[who].all_bookings if b.slot == place and b.is_live)
        held = self.slots[place]
        held.must_be_held()
        begun = booking.model_copy(update={"starts_at": held.starts_at, "minutes": held.minutes})
        time = held.starts_at + timedelta(minutes=5)
        self._keep(who, steps.attend(self.paths[who], self.pupils[who].pupil, begun, "list", time, GATE))

    def _withdraw(self, who: str, _: str, n: int) -> None:
        joined = self.pupils[who]
        gone = ConsentChange(sequence="0000000007", time=at("2020-10-05", 8 + n), given=False)
        told: tuple[ConsentChange, ...] = (*joined.pupil.consent_changes, gone)
        one: Participant = joined.pupil.model_copy(update={"consent": False, "consent_changes": told})
        self.pupils[who] = Joined(one, joined.duplicates)
        self._keep(who, steps.follow(self.paths[who], self.pupils[who], GATE, {}))

    def _move(self, _: str, place: str, n: int) -> None:
        to = SlotMove(starts_at=at("2020-10-05", 8 + n), minutes=30 + 30 * (n % 3))
        self.slots[place] = slot_changes.move(self.slots[place], to, self._change(place)).state

    def _resize(self, _: str, place: str, n: int) -> None:
        self.slots[place] = slot_changes.resize(
            self.slots[place], SlotSize(capacity=1 + n % 4), self._change(place)
        ).state

    def _close(self, _: str, place: str, n: int) -> None:
        change, frost = self._change(place), SlotClosing(reason="frost")
        decision = slot_changes.close(self.slots[place], frost, change, afterwards=bool(n % 2))
        self.slots[place] = decision.state

    def _follow(self, _: str, place: str, __: int) -> None:
        """One path follows, the next one in order."""
        following = self.slots[place].following
        if following is None:
            return
        left = [id for id in sorted(self.paths) if id > following]
        if left:
            self._keep(left[0], rebooked(self.paths[left[0]], self.pupils[left[0]], self.slots[place]))
        self.slots[place] = self.slots[place].model_copy(update={"following": left[0] if left else None})
