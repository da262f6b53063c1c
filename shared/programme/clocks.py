"""Clocks that change by law: the offset of a place at every instant, and the place whose clock it is. Pure.

A clock is kept as one text, its offsets with the instants from which they hold, as `+03:00` where it never changed, and
`+04:00 2020-12-26T22:00:00Z +03:00` where it was put back at that instant. No table of zones is asked: the day of what
happened must not depend on the release of such a table on the machine that counts it.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any

from typing_extensions import override

from shared.contracts.organisations import ClockChange

Stay = tuple[str, str]
"""A place's clock, behind the local day from which on somebody or something is there; the day may be empty: always."""


class Clock(tzinfo):
    """The clock of a place whose offset changes; `zone` gives one.

    A time that is taken to it (`astimezone`) has a plain offset, that of its own instant: so its text says its local
    day for good, and the distance of two such times is that of their instants.
    """

    def __init__(self, first: timezone, changes: Sequence[tuple[datetime, timezone]]) -> None:
        self._begins = [begins for begins, _ in changes]
        self._offsets = [first, *(offset for _, offset in changes)]

    def at(self, instant: datetime) -> timezone:
        """Returns the offset at an instant."""
        return self._offsets[bisect_right(self._begins, instant)]

    @override
    def fromutc(self, dt: datetime) -> datetime:
        """Returns a time, which stands in UTC, with the offset that it has here."""
        instant = dt.replace(tzinfo=UTC)
        return instant.astimezone(self.at(instant))

    @override
    def utcoffset(self, dt: datetime | None) -> timedelta | None:
        """Returns the offset of what hands show: of a time shown twice the first, of one left out that of before."""
        return None if dt is None else self._shown(dt).utcoffset(None)

    @override
    def dst(self, dt: datetime | None) -> timedelta | None:
        """Returns None: a change by law has nothing to do with summer."""
        return None

    @override
    def tzname(self, dt: datetime | None) -> str | None:
        """Returns the offset as text."""
        return None if dt is None else self._shown(dt).tzname(None)

    def _shown(self, dt: datetime) -> timezone:
        hands = dt.replace(tzinfo=None)
        for number, begins in enumerate(self._begins):
            before, after = self._offsets[number], self._offsets[number + 1]
            are_earlier = (hands.replace(tzinfo=before) < begins, hands.replace(tzinfo=after) < begins)
            if all(are_earlier) or (any(are_earlier) and dt.fold == 0):
                return before
        return self._offsets[-1]


@lru_cache(maxsize=4_096)
def zone(clock: str) -> tzinfo:
    """Returns the zone of a clock as it is kept: `+03:00`, or one that changes."""
    first, changes = _parsed(clock)
    if not changes:
        return _offset(first)
    return Clock(_offset(first), [(change.since, _offset(change.utc_offset)) for change in changes])


def _offset(text: str) -> timezone:
    found = datetime.fromisoformat(f"2000-01-01T00:00:00{text}").utcoffset()
    assert found is not None
    return timezone(found)


def first_offset(clock: str) -> str:
    """Returns the offset of a clock before all changes, as `+03:00`."""
    return clock.split(" ", 1)[0]


def clock_of(first: str, changes: Iterable[ClockChange] = ()) -> str:
    """Returns the clock that begins with an offset and changes; a change to the offset of before is none."""
    words = [first]
    for change in changes:
        if change.utc_offset != words[-1]:
            since = change.since.astimezone(UTC).isoformat().replace("+00:00", "Z")
            words += [since, change.utc_offset]
    return " ".join(words)


def midnight(day: str, clock: str) -> datetime:
    """Returns the first instant of a local day, with the offset that it has on a clock."""
    begins = datetime.combine(date.fromisoformat(day), time.min, zone(clock))
    return begins.astimezone(UTC).astimezone(zone(clock))


def spliced(stays: Sequence[Stay]) -> str:
    """Returns the clock of whoever is at several places one after the other, of which there is one at least.

    Each stay ends with the first instant of the next one's day, by the next one's clock; the first has no beginning.
    """
    (_, clock), *later = stays
    for day, other in later:
        if other != clock:
            begins = midnight(day, other)
            clock = _joined(clock, other, begins)
    return clock


def _joined(before: str, after: str, begins: datetime) -> str:
    """Returns the clock that is one before an instant, and another from it on."""
    first, changes = _parsed(before)
    kept = [change for change in changes if change.since < begins]
    there = _parsed(after)[1]
    offset = begins.isoformat()[-6:]
    from_then_on = [ClockChange(since=begins, utc_offset=offset), *(c for c in there if c.since > begins)]
    return clock_of(first, [*kept, *from_then_on])


def _parsed(clock: str) -> tuple[str, list[ClockChange]]:
    first, *rest = clock.split(" ")
    pairs = zip(rest[::2], rest[1::2], strict=True)
    return first, [ClockChange(since=datetime.fromisoformat(since), utc_offset=offset) for since, offset in pairs]


@dataclass(frozen=True, slots=True)
class Clocks:
    """The clocks of regions, and of the municipalities that have one of their own."""

    own: Mapping[str, str] = field(default_factory=dict)
    """By code."""

    @classmethod
    def of_rows(cls, rows: Iterable[Mapping[str, Any]]) -> "Clocks":
        """Returns the clocks that rows of organisations say: a municipality has its own where its `clocks` are told."""
        own = {}
        for row in rows:
            changes = row.get("clocks")
            if row["kind"] == "region" or (row["kind"] == "municipality" and changes is not None):
                told = [ClockChange.model_validate(change) for change in changes or ()]
                own[row["_id"]] = clock_of(first_offset(row["utc_offset"]), told)
        return cls(own)

    def of(self, region: str, municipality: str | None = None) -> str | None:
        """Returns the clock of a place: its municipality's, where that has its own, else the region's.

        None where neither is known.
        """
        return self.own.get(municipality or region) or self.own.get(region)

    def of_stays(self, region: str, stays: Sequence[tuple[str, str | None]]) -> str | None:
        """Returns the clock of who is at several places of a region by turns: the municipality of the day decides."""
        return self.of_regions([(day, region, municipality) for day, municipality in stays])

    def of_regions(self, stays: Sequence[tuple[str, str, str | None]]) -> str | None:
        """Returns the same over several regions: day, region and municipality, by day; None where one is unknown."""
        if len(stays) == 1:  # nearly nobody moves, and each step of a pupil asks
            return self.of(*stays[0][1:])
        found = [(day, self.of(region, municipality)) for day, region, municipality in stays]
        known = [(day, clock) for day, clock in found if clock is not None]
        return spliced(known) if found and len(known) == len(found) else None
