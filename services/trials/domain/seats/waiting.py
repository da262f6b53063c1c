"""Lines of pupils who wait for a seat in a slot: freed seats are given in their order, most with a time to confirm."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from services.trials.copies.participants import Participant
from services.trials.domain.calendar.seasons import Season
from services.trials.domain.path import steps
from services.trials.domain.path.caller import clock_of, must_take_part
from services.trials.domain.path.claims import Allowance
from services.trials.domain.path.corrections import taken_back
from services.trials.domain.path.path_parts import Booking, Correction, latest_answer
from services.trials.domain.path.paths import Path, ahead
from services.trials.domain.path.states import States
from services.trials.domain.seats.rebooking import with_booking
from services.trials.domain.timetable.slots import Slot
from shared.base.errors import Conflict, ServiceError
from shared.identity.acting import Actor
from shared.storage.decision import Decision, NewId

WAITING = Actor(None, ("service",), "trials.waiting")
"""Who books and gives up what a line leads to."""
MOST_LINES = 5
"""In which a pupil waits at once in a season."""
MOST_ROWS = 500
"""Slots of a season in whose lines a pupil was ever."""
PER_SEAT = 3
"""So many wait for each seat of a slot at most."""
TO_ANSWER = timedelta(hours=24)
SEATED, UNCONFIRMED, LEFT = "seated", "unconfirmed", "left"


@dataclass(frozen=True, slots=True)
class Waiter:
    """A pupil's place in the line of a slot, kept after it has ended."""

    path: str
    """The id of the path of the entry under which it was taken: a pupil and a season."""
    slot: str
    number: int
    """Rises along the line."""
    joined: datetime
    ended: str | None = None
    """None while the pupil waits; then `seated`, `unconfirmed`, `left`, or the slug of the refusal."""
    booking: str | None = None
    """The id of the booking that was made from the line."""
    until: datetime | None = None
    """When that is given up unless it is confirmed; None where it is, or need not be."""

    @property
    def id(self) -> str:
        """The natural key: one place a path and slot, taken anew when a pupil comes back."""
        return waiter_id(self.path, self.slot)

    @property
    def participant(self) -> str:
        """The entry under which the place was taken."""
        return self.path.rpartition("/")[0]

    @property
    def season(self) -> str:
        """The season of the slot."""
        return self.path.rpartition("/")[2]

    @property
    def waits(self) -> bool:
        """True until a seat was given, or the place lost."""
        return self.ended is None

    def over(self, reason: str) -> "Waiter":
        """Returns the place as it ended."""
        return replace(self, ended=reason, until=None)


def waiter_id(path: str, slot: str) -> str:
    """Returns the id of a path's place in the line of a slot."""
    return f"{path}/{slot}"


def confirm_by(now: datetime, starts_at: datetime) -> datetime | None:
    """Returns until when a seat that is given now is to be confirmed; None where too little time is left to ask."""
    latest = latest_answer(now, starts_at)
    return latest and min(now + TO_ANSWER, latest)


@dataclass(frozen=True, slots=True)
class Joining:
    """A pupil who wants to wait, and when that is taken to have happened."""

    pupil: Participant
    season: Season
    path: Path
    time: datetime
    now: datetime


def join(known: Collection[Waiter], slot: Slot, joining: Joining) -> Waiter:
    """Returns the pupil's place: the one that there is, or a new one at the end of the line.

    `known` are the places of all the pupil's entries in the season. Whether the pupil is free at that time is judged
    when a seat is given.
    """
    slot.must_be_held()
    waiting = [one for one in known if one.waits]
    if (own := next((one for one in waiting if one.slot == slot.id), None)) is not None:
        return own
    if joining.path.live_booking(slot.id) is not None:
        raise Conflict.about("participant", "the pupil has a seat in the slot", "already-booked")
    pupil, season, time = joining.pupil, joining.season, joining.time
    season.must_be_open("")
    steps.must_suit(pupil, slot, time)
    season.must_let_book(time, slot.starts_at, 0, "")
    must_take_part(pupil, season, time, slot.starts_at, joining.now)
    _must_have_room(known, waiting, slot)
    return Waiter(joining.path.id, slot.id, slot.line + 1, time)


def _must_have_room(known: Collection[Waiter], waiting: Collection[Waiter], slot: Slot) -> None:
    if slot.open_seats > 0:
        raise Conflict("a seat is free and nobody waits: book it", slug="seats-free")
    if slot.waiting >= PER_SEAT * slot.capacity:
        raise Conflict(f"{slot.waiting} wait already, as many as may", slug="line-full")
    came_before = any(one.slot == slot.id for one in known)
    if len(waiting) >= MOST_LINES or (len(known) >= MOST_ROWS and not came_before):
        raise Conflict.about("participant", f"a pupil waits in {MOST_LINES} lines at most", "too-many-lines")


@dataclass(slots=True)
class Filling:
    """Seats of one slot, given along its line."""

    slot: Slot
    states: States
    new_id: NewId
    now: datetime
    allowance: Allowance = field(default_factory=lambda: Allowance({}))
    changed: list[Waiter] = field(default_factory=list)
    """The places that have ended."""
    seats: int = 0
    """Seats that were given."""

    def serve(self, line: Iterable[Waiter]) -> None:
        """Gives the free seats to the first who can be booked; who cannot be loses the place, with the reason."""
        for place in line:
            if (ended := self._ended()) is not None:
                self.changed.append(place.over(ended))
            elif self.slot.free_seats > self.seats:
                self.changed.append(self._served(place))

    def _ended(self) -> str | None:
        if self.slot.closing is not None:
            return "slot-closed"
        return "slot-past" if self.now >= self.slot.starts_at else None

    def _served(self, place: Waiter) -> Waiter:
        pupil = self.states.pupils.get(place.participant)
        if pupil is None:
            return place.over("participant-unknown")
        path = self.states.paths.of(pupil.id, self.slot.season, pupil.seasons)
        known = path.live_booking(self.slot.id)
        if known is not None:  # of another entry, joined since
            return replace(place.over(SEATED), booking=known.id)
        try:
            booking, until = self._booked(path, pupil)
        except ServiceError as refused:
            return place.over(refused.type)
        self.seats += 1
        return replace(place, ended=SEATED, booking=booking.id, until=until)

    def _booked(self, path: Path, pupil: Participant) -> tuple[Booking, datetime | None]:
        season, time = self.states.seasons[self.slot.season], self.now.astimezone(clock_of(self.states.zones, pupil))
        season.must_be_open("")
        season.must_let_book(time, self.slot.starts_at, ahead(path, time), "")
        must_take_part(pupil, season, time, self.slot.starts_at, self.now)
        until = confirm_by(time, self.slot.starts_at)
        freed = self.slot.model_copy(update={"waiting": 0, "booked": self.slot.booked + self.seats})
        decision = steps.book(path, pupil, freed, time, self.new_id, until)
        self.allowance.take(path, decision.state, season)
        self.states.paths.take(decision, WAITING)
        return decision.state.bookings[-1], until


def confirm(path: Path, booking_id: str) -> Decision[Path]:
    """Keeps a seat that was given from a line; one that need not be confirmed, or was, stays as it is."""
    booking = path.booking(booking_id)
    if not booking.is_live:
        raise Conflict("the booking was given up", slug="booking-cancelled")
    if booking.confirm_by is None:
        return Decision(path)
    kept = with_booking(path, booking.model_copy(update={"confirm_by": None}))
    return Decision(kept, quiet=True)


def lapse(path: Path, pupil: Participant, booking_id: str, now: datetime) -> Decision[Path]:
    """Gives up a seat that nobody confirmed in time; once the slot has begun nobody else can have it, and it stays."""
    booking = path.booking(booking_id)
    if not booking.is_live or booking.confirm_by is None:
        return Decision(path)
    if now >= booking.starts_at or path.attendance_of(booking.id):
        return confirm(path, booking_id)
    time = max(booking.time, booking.confirm_by)
    unheard = Correction(kind="cancelled", id=booking.id, time=time, because="unconfirmed")
    return replace(taken_back(Decision(path), pupil, unheard), by=WAITING)


def places_of(entries: Sequence[str], season: str) -> list[str]:
    """Returns the ids of the paths under which a pupil's entries may wait in a season."""
    return [f"{entry}/{season}" for entry in entries]
