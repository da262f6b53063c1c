"""The cells of reservations: the bookings that stand, and the one by which a pupil holds a unit of a quota. Pure.

Unlike other figures they say how things stand now, and no closing of the season holds them.
"""

from collections.abc import Iterator, Sequence

from services.analytics.verification.funnel import TRIALS
from services.analytics.verification.pupils import Entries
from services.analytics.verification.rows import cell
from services.analytics.verification.told import Fact


def cells(season: str, entries: Entries) -> Iterator[str]:
    """Yields the cells to which a pupil of some entries adds one."""
    facts = sorted((fact for of_entry in entries.values() for fact in of_entry), key=lambda fact: fact.time)
    erased = {fact.participant for fact in facts if fact.type == "path.erased.v1"}
    pupil = _Bookings([fact for fact in facts if fact.season == season], erased)
    for id in pupil.standing:
        booking, came = pupil.booked[id], pupil.attended.get(id)
        yield _cell(booking, "booked", day=booking.day)
        if came is not None:
            yield _cell(booking, "attended", day=max(came.day, booking.day))
    unit = pupil.unit()
    if unit is not None:
        yield _cell(unit, "pupils", day=unit.day)
        for number, trial in enumerate(pupil.trials(), 1):
            yield _cell(unit, "trials", str(number), day=max(trial.day, unit.day))


def _cell(booking: Fact, measure: str, *more: str, day: str) -> str:
    said = booking.said
    where = "reservations", said["season"], said["region"], said["municipality"], said["school"]
    return cell((*where, measure, said["venue"], *more), day)


class _Bookings:
    """A pupil's bookings of a season, by booking."""

    def __init__(self, facts: Sequence[Fact], erased: set[str]) -> None:
        """`facts` are in order of time."""
        by_type: dict[str, list[Fact]] = {}
        for fact in facts:
            by_type.setdefault(fact.type, []).append(fact)
        self.booked = {fact.said["booking"]: fact for fact in by_type.get("trial.booked.v1", ())}
        told = {fact.said["attendance"]: fact for fact in by_type.get("trial.attended.v1", ())}
        revoked = {fact.said["attendance"]: fact.time for fact in by_type.get("attendance.revoked.v1", ())}
        stands = sorted(id for id in told if id not in revoked)
        self.attended = {told[id].said["booking"]: told[id] for id in stands}
        last = sorted((time, told[id].said["booking"]) for id, time in revoked.items() if id in told)
        self._ended = {booking: time for time, booking in last}
        for ending in ("attendance.missed.v1", "trial.cancelled.v1"):
            self._ended |= {fact.said["booking"]: fact.time for fact in by_type.get(ending, ())}
        self.standing = [
            id
            for id, fact in self.booked.items()
            if id in self.attended or (id not in self._ended and fact.participant not in erased)
        ]

    def trials(self) -> list[Fact]:
        """Returns the practical trials that were attended, of each slot the first."""
        first: dict[str, Fact] = {}
        for fact in sorted(self.attended.values(), key=lambda fact: fact.time):
            if fact.said["kind"] in TRIALS:
                first.setdefault(fact.said["slot"], fact)
        return list(first.values())

    def unit(self) -> Fact | None:
        """Returns the booking with which began what has stood without a break until now; None where none stands.

        It may be one that was given up, if another was made before: else a quota could be passed by.
        """
        in_order = sorted(self.booked, key=lambda id: (self.booked[id].time, id))
        standing = [id for id in in_order if id in self.standing]
        if not standing:
            return None
        unit = self.booked[standing[0]]
        for id in reversed(in_order[: in_order.index(standing[0])]):
            if self._ended.get(id, "") > unit.time:
                unit = self.booked[id]
        return unit
