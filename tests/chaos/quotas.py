"""The ledger of a season's quotas as a feed tells it; shares no code with the platform that it checks.

A booking holds a unit of the pupil's school for the venue, reserved until it is attended and completed then, or nothing
once it was given up, missed or its attendance revoked. Where the unit is a pupil, all that stand hold one together.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from tests.chaos.told import BEGINNING, TRIALS, Record, joined

NATION = "RU"
NEVER = datetime.max.replace(tzinfo=UTC)
Holder = tuple[str, str | None]
"""An organisation, and of a school the venue for which it has units."""


class Units(NamedTuple):
    """The units of a holder: its value is the sum of the others."""

    value: int
    free: int
    reserved: int
    completed: int


@dataclass
class _Pupil:
    """What was told of the bookings of all entries of a pupil; by booking, or by attendance."""

    booked: dict[str, Record] = field(default_factory=dict)
    given_up: dict[str, datetime] = field(default_factory=dict)
    missed: dict[str, datetime] = field(default_factory=dict)
    attended: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    revoked: dict[str, datetime] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)
    """Entries."""

    def hear(self, record: Record) -> None:
        """Takes an event of an entry; those of one come in their order."""
        data = record.data
        match record.type:
            case "trial.booked.v1":
                self.booked[data["booking"]] = record
            case "trial.cancelled.v1":
                self.given_up[data["booking"]] = record.time
            case "attendance.missed.v1":
                self.missed.setdefault(data["booking"], record.time)
            case "trial.attended.v1":
                self.attended[data["attendance"]] = data
            case "attendance.revoked.v1":
                self.revoked[data["attendance"]] = record.time
            case "participant.erased.v1" | "path.erased.v1":
                self.erased.add(data["participant"])

    def held(self, rules: Mapping[str, Any]) -> Iterator[tuple[Holder, str]]:
        """The units that the pupil holds, each reserved or completed."""
        stands = [data for id, data in self.attended.items() if id not in self.revoked]
        came = {data["booking"] for data in stands}
        ends = dict(self._ends(came))
        if rules.get("quota_unit", "attendance") == "attendance":
            for id in (id for id, end in ends.items() if end == NEVER):
                yield self._holder(id), "completed" if id in came else "reserved"
        elif NEVER in ends.values():
            slots = {data["slot"] for data in stands if data["kind"] in TRIALS}
            done = len(slots) >= rules["trials_required"]
            yield self._holder(self._first(ends)), "completed" if done else "reserved"

    def _ends(self, came: set[str]) -> Iterator[tuple[str, datetime]]:
        """Until when each booking held something; nothing of what an erased pupil had still before her."""
        revoked = {self.attended[id]["booking"]: time for id, time in self.revoked.items() if id in self.attended}
        ended = revoked | self.missed | self.given_up
        for id, record in self.booked.items():
            if id in came:
                yield id, NEVER
            elif id in ended or record.data["participant"] not in self.erased:
                yield id, ended.get(id, NEVER)

    def _first(self, ends: Mapping[str, datetime]) -> str:
        """The booking with which began what has stood without a break until now."""
        first, until = "", BEGINNING
        for id in sorted(ends, key=lambda id: self.booked[id].time):
            first = id if self.booked[id].time >= until else first
            until = max(until, ends[id])
        return first

    def _holder(self, id: str) -> Holder:
        data = self.booked[id].data
        return data["school"], data["venue"]


def holders(records: Iterable[Record], season: str, rules: Mapping[str, Any]) -> dict[Holder, Units]:
    """The units of whoever has been given any, or has booked."""
    records = list(records)
    value, held = Counter[Holder](), Counter[tuple[Holder, str]]()
    survivors, pupils = joined(records), defaultdict[str, _Pupil](_Pupil)
    for record in records:
        data = record.data
        if "participant" in data and data.get("season", season) == season:
            id = data["participant"]
            pupils[survivors.get(id, id)].hear(record)
        elif record.type == "quota.set.v1" and data["season"] == season:
            value[NATION, None] += data["added"]
        elif record.type == "quota.moved.v1" and data["season"] == season:
            value[data["giver"], None] -= data["amount"]
            value[data["organisation"], data["venue"]] += data["amount"]
    for pupil in pupils.values():
        held.update(pupil.held(rules))
    found = {}
    for holder in value.keys() | {holder for holder, _ in held}:
        reserved, completed = held[holder, "reserved"], held[holder, "completed"]
        found[holder] = Units(value[holder], value[holder] - reserved - completed, reserved, completed)
    return {holder: units for holder, units in found.items() if any(units)}


def answered(rows: Iterable[Mapping[str, Any]]) -> dict[Holder, Units]:
    """The same in the rows of an answer; those of none are left out."""
    found = {(row["organisation"], row["venue"]): Units(*(row[name] for name in Units._fields)) for row in rows}
    return {holder: units for holder, units in found.items() if any(units)}
