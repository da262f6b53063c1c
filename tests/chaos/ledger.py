"""What schools hold of quotas, by the words of a feed alone; shares no code with the platform that it checks."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.told import Record

NAMES = ("value", "reserved", "completed")
Units = Mapping[tuple[str, str], Mapping[str, int]]
"""By school and venue."""


def held(records: Iterable[Record], season: str) -> Units | None:
    """The units of a season that counts attendances.

    None where a pupil belonged to two regions: a part of what is told of such a one is in the other one's feed.
    """
    told = list(records)
    pupils: dict[str, _Bookings] = defaultdict(_Bookings)
    units: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    who = _pupils(told)
    for record in told:
        data = record.data
        regions = {data.get(name) for name in ("region", "from_region", "to_region", "other_region")} - {None}
        if len(regions) > 1:
            return None
        if record.type == "quota.moved.v1" and data["season"] == season and data["venue"]:
            units[data["organisation"], data["venue"]]["value"] += data["amount"]
        elif "participant" in data and data.get("season", season) == season:
            pupils[who.get(data["participant"], data["participant"])].hear(record)
    for pupil in pupils.values():
        for pair, state in pupil.states():
            units[pair][state] += 1
    return {pair: {name: n[name] for name in NAMES} for pair, n in units.items() if any(n.values())}


def _pupils(records: Iterable[Record]) -> Mapping[str, str]:
    """The survivor of each duplicate, by the last words of both."""
    words: dict[tuple[str, str], str] = {}
    for record in records:
        if record.type in ("participant.merged.v1", "participant.unmerged.v1"):
            role = record.data["role"] if record.type == "participant.merged.v1" else ""
            words[record.data["participant"], record.data["other"]] = role
    return {
        duplicate: survivor
        for (duplicate, survivor), role in words.items()
        if role == "duplicate" and words.get((survivor, duplicate)) == "survivor"
    }


@dataclass
class _Bookings:
    """What was told of the bookings of one pupil."""

    booked: dict[str, tuple[str, tuple[str, str]]] = field(default_factory=dict)
    """Booking → the entry that booked, and the school with the venue."""
    came: dict[str, str] = field(default_factory=dict)
    """Attendance → booking."""
    over: set[str] = field(default_factory=set)
    revoked: set[str] = field(default_factory=set)
    erased: set[str] = field(default_factory=set)

    def hear(self, record: Record) -> None:
        data = record.data
        match record.type:
            case "path.erased.v1":
                self.erased.add(data["participant"])
            case "trial.booked.v1":
                self.booked[data["booking"]] = data["participant"], (data["school"], data["venue"])
            case "trial.cancelled.v1" | "attendance.missed.v1":
                self.over.add(data["booking"])
            case "trial.attended.v1":
                self.came[data["attendance"]] = data["booking"]
            case "attendance.revoked.v1":
                self.revoked.add(data["attendance"])

    def states(self) -> Iterator[tuple[tuple[str, str], str]]:
        """The pair and the state of each booking that holds a unit."""
        stand = {booking for attendance, booking in self.came.items() if attendance not in self.revoked}
        over = self.over | {self.came[attendance] for attendance in self.revoked if attendance in self.came}
        for booking, (entry, pair) in self.booked.items():
            if booking in stand:
                yield pair, "completed"
            elif booking not in over and entry not in self.erased:
                yield pair, "reserved"


def answered(rows: Iterable[Mapping[str, Any]]) -> Units:
    """The same in an answer of the API."""
    schools = (row for row in rows if row["level"] == "school")
    return {(row["organisation"], row["venue"]): {name: row[name] for name in NAMES} for row in schools}
