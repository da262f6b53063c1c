"""The units of quotas that a pupil holds, as a function of what stands on the path; and those that are free.

A unit is of the school to which the pupil belonged when the booking was made, for the venue of the booking. It stays
where it is when the pupil moves, and returns by itself with whatever takes the booking or the attendance back.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from services.trials.domain.calendar.seasons import Season
from services.trials.domain.path.path_parts import Booking, Claim
from services.trials.domain.path.paths import Path
from shared.base.errors import Conflict
from shared.programme.holding import Booked, holder


class Pair(NamedTuple):
    """A school and a venue, to which a quota may be given."""

    school: str
    venue: str


Changes = Counter[tuple[Pair, Claim]]
"""How many more units, or below zero fewer, are reserved and completed."""


def claims(path: Path, season: Season) -> Mapping[str, Claim]:
    """Returns what each booking holds, by its id; those that hold nothing are left out.

    Where the unit is an attendance, each booking holds one until it is given up, missed, or its attendance revoked.
    Where it is a pupil, all that stand hold one together, of the pair of the first of them.
    """
    bookings = [(entry, booking) for entry in path.entries for booking in entry.bookings if booking.school]
    if not bookings:
        return {}
    attended = {attendance.booking for attendance in path.all_attendances if attendance.revoked is None}
    ended = _ended(path, attended)
    held: dict[str, Claim] = {}
    for entry, booking in bookings:
        if booking.id in attended:
            held[booking.id] = "completed"
        elif booking.id not in ended and not entry.erased:
            held[booking.id] = "reserved"
    if season.quota_unit == "attendance" or not held:
        return held
    first = holder(Booked(b.id, b.time, b.id in held, ended.get(b.id)) for _, b in bookings)
    claim: Claim = "reserved" if path.trials_done_at(season) is None else "completed"
    return {first.id: claim} if first else {}


def _ended(path: Path, attended: set[str]) -> dict[str, datetime]:
    """Returns the bookings that stand no longer, each with the time since when."""
    ended = {id: time for time, id in sorted((a.revoked, a.booking) for a in path.all_attendances if a.revoked)}
    for booking in path.all_bookings:
        over = booking.cancelled or booking.missed
        if over is not None:
            ended[booking.id] = over
    return {id: time for id, time in ended.items() if id not in attended}


def settle(path: Path, season: Season) -> tuple[Path, Changes]:
    """Returns the path with what each booking holds by now, and the units that change hands by it.

    Nothing changes where the path is the same.
    """
    held, changes = claims(path, season), Changes()
    for booking in path.all_bookings:
        now = held.get(booking.id)
        if booking.holds != now and booking.school is not None:
            pair = Pair(booking.school, booking.venue)
            changes.update([(pair, now)] if now else [])
            changes.subtract([(pair, booking.holds)] if booking.holds else [])
    return (_marked(path, held) if changes else path), changes


def _marked(path: Path, held: Mapping[str, Claim]) -> Path:
    def within(booking: Booking) -> Booking:
        now = held.get(booking.id)
        return booking if booking.holds == now else booking.model_copy(update={"holds": now})

    duplicates = tuple(_marked(duplicate, held) for duplicate in path.duplicates)
    return path.model_copy(update={"bookings": tuple(map(within, path.bookings)), "duplicates": duplicates})


def pairs_of(path: Path | None) -> set[Pair]:
    """Returns the pairs of which a path has, or may come to hold, a unit."""
    return {Pair(b.school, b.venue) for b in path.all_bookings if b.school is not None} if path else set()


def exhausted(pair: Pair) -> Conflict:
    """Returns the refusal of a booking for which no unit is free."""
    detail = f"the quota of school {pair.school} for venue {pair.venue} is exhausted"
    return Conflict.about("participant", detail, "quota-exhausted")


@dataclass(slots=True)
class Allowance:
    """The units that are free while bookings are decided one after the other, in seasons whose quotas bind."""

    free: dict[tuple[str, Pair], int]
    """By season and pair."""

    def take(self, before: Path, after: Path, season: Season) -> None:
        """Takes the unit that a booking reserves, if it does; raises Conflict where none is free."""
        if not season.quotas_bind:
            return
        taken = _units(after, season) - _units(before, season)
        for pair, units in taken.items():
            self._must_be_free(pair, units, season)
            self.free[season.id, pair] -= units

    def must_have(self, path: Path, pair: Pair, season: Season) -> None:
        """Raises Conflict where a booking of a pair would reserve a unit, and none is free."""
        if self.would_take(path, season):
            self._must_be_free(pair, 1, season)

    def beyond(self, wanted: Iterable[tuple[Path, Pair]], season: Season) -> Iterator[bool]:
        """Tells of bookings that are to be made in turn whether each would reserve a unit that is free no longer."""
        left: dict[Pair, int] = {}
        for path, pair in wanted:
            takes = self.would_take(path, season)
            left[pair] = left.get(pair, self.free.get((season.id, pair), 0)) - takes
            yield takes and left[pair] < 0

    def would_take(self, path: Path, season: Season) -> bool:
        """Tells whether one more booking on a path would reserve a unit."""
        return season.quotas_bind and (season.quota_unit == "attendance" or not claims(path, season))

    def _must_be_free(self, pair: Pair, units: int, season: Season) -> None:
        if self.free.get((season.id, pair), 0) < units:
            raise exhausted(pair)


def _units(path: Path, season: Season) -> Counter[Pair]:
    held = claims(path, season)
    return Counter(Pair(b.school, b.venue) for b in path.all_bookings if b.school is not None and b.id in held)
