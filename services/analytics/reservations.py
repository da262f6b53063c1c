"""The bookings of a pupil as quotas count them: facts in any order, and the units that follow from what stands. Pure.

What a season counts, an attendance or a pupil, and how many trials complete one, is asked when the figure is read: the
cells hold both, so that a season's rules change nothing of what is stored.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from msgspec import Struct, field

from services.analytics.entries import groups
from services.analytics.facts import Day, Entry
from services.analytics.figures.cells import Cell
from services.analytics.figures.quotas import RESERVATIONS
from shared.contracts import registration, trials
from shared.contracts.event import Envelope
from shared.programme.holding import Booked, holder

Instant = str
"""A time in UTC to the microsecond: compares as text."""


class Booking(NamedTuple):
    """A seat that was taken, of the quota of the school to which the pupil belonged by then."""

    time: Instant
    day: Day
    region: str
    municipality: str
    school: str
    venue: str


class Attendance(NamedTuple):
    """An attendance of a booking."""

    booking: str
    slot: str
    kind: str
    time: Instant
    day: Day


class SeasonBookings(Struct):
    """One entry's facts of one season, by the ids of bookings and attendances."""

    booked: dict[str, Booking] = field(default_factory=dict)
    cancelled: dict[str, Instant] = field(default_factory=dict)
    missed: dict[str, Instant] = field(default_factory=dict)
    attended: dict[str, Attendance] = field(default_factory=dict)
    revoked: dict[str, Instant] = field(default_factory=dict)


class Booker(Entry):
    """An entry of a pupil with its bookings."""

    seasons: dict[str, SeasonBookings] = field(default_factory=dict)
    erased: bool = False
    """True once nobody can come to what was booked."""


FACTS = (
    registration.ParticipantMerged,
    registration.ParticipantUnmerged,
    trials.TrialBooked,
    trials.TrialCancelled,
    trials.AttendanceMissed,
    trials.TrialAttended,
    trials.AttendanceRevoked,
    trials.PathErased,
)
"""The events that tell of it."""


def learn(booker: Booker, envelope: Envelope) -> None:
    """Adds an event's fact to those of its entry."""
    event: Any = envelope.event
    match event:
        case registration.Merging():
            booker.hear(event, envelope.sequence)
        case trials.PathErased():
            booker.erased = True
        case trials.PathEvent():
            _step(booker.seasons.setdefault(event.season, SeasonBookings()), event, envelope.time)


def _step(facts: SeasonBookings, event: Any, time: datetime) -> None:
    instant, day = time.astimezone(UTC).isoformat(timespec="microseconds"), time.date().isoformat()
    match event:
        case trials.TrialBooked():
            place = event.region, event.municipality, event.school, event.venue
            facts.booked[event.booking] = Booking(instant, day, *place)
        case trials.TrialCancelled():
            facts.cancelled[event.booking] = instant
        case trials.AttendanceMissed():
            facts.missed[event.booking] = max(instant, facts.missed.get(event.booking, instant))
        case trials.TrialAttended():
            facts.attended[event.attendance] = Attendance(event.booking, event.slot, event.kind, instant, day)
        case trials.AttendanceRevoked():
            facts.revoked[event.attendance] = instant


def cells_of(entries: Mapping[str, Booker]) -> Counter[Cell]:
    """Returns the cells to which entries add, those that are one pupil together."""
    counted: Counter[Cell] = Counter()
    for group in groups(entries):
        for season in {season for id in group for season in entries[id].seasons}:
            held = {id: entries[id].seasons[season] for id in group if season in entries[id].seasons}
            gone = {id for id in held if entries[id].erased}
            counted.update(_cells(season, _Standing(held, gone)))
    return counted


class _Standing:
    """The bookings of a pupil in a season, and which of them stand.

    Ids of bookings and attendances are nobody else's: what one entry takes back may be another's.
    """

    def __init__(self, entries: Mapping[str, SeasonBookings], erased: Iterable[str]) -> None:
        facts = entries.values()
        self.booked = {id: booking for entry in facts for id, booking in entry.booked.items()}
        revoked = {id: time for entry in facts for id, time in entry.revoked.items()}
        told = {id: one for entry in facts for id, one in entry.attended.items()}
        self.attended = {one.booking: one for id, one in sorted(told.items()) if id not in revoked}
        """By booking."""
        over = {told[id].booking: time for time, id in sorted((time, id) for id, time in revoked.items()) if id in told}
        for ended in ("missed", "cancelled"):
            over |= {id: time for entry in facts for id, time in getattr(entry, ended).items()}
        self.ended = {id: time for id, time in over.items() if id not in self.attended}
        gone = {id for entry in erased for id in entries[entry].booked}
        self.stand = {id for id in self.booked if id in self.attended or (id not in self.ended and id not in gone)}

    def trials(self) -> list[Attendance]:
        """Returns the practical trials that were attended, of each slot the first, in the order of time."""
        first: dict[str, Attendance] = {}
        for one in sorted(self.attended.values(), key=lambda one: one.time):
            if one.kind in trials.TRIAL_KINDS:
                first.setdefault(one.slot, one)
        return list(first.values())

    def holder(self) -> str | None:
        """Returns the booking that holds the pupil's unit."""
        one = holder(Booked(id, b.time, id in self.stand, self.ended.get(id)) for id, b in self.booked.items())
        return one.id if one else None


def _cells(season: str, standing: _Standing) -> Iterator[Cell]:
    for id in standing.stand:
        booking, came = standing.booked[id], standing.attended.get(id)
        yield _cell(season, booking, "booked", day=booking.day)
        if came is not None:
            yield _cell(season, booking, "attended", day=max(came.day, booking.day))
    first = standing.holder()
    if first is None:
        return
    holds = standing.booked[first]
    yield _cell(season, holds, "pupils", day=holds.day)
    for n, trial in enumerate(standing.trials(), 1):
        yield _cell(season, holds, "trials", str(n), day=max(trial.day, holds.day))


def _cell(season: str, booking: Booking, measure: str, *more: str, day: Day) -> Cell:
    path = measure, booking.venue, *more, day
    return Cell(RESERVATIONS, season, booking.region, booking.municipality, booking.school, path)
