"""Drafts of acts for payment: reckoned from what stands whenever they are asked for, and stored nowhere. Pure.

An attendance that stands is paid once. What is taken back later, be it revoked or the second of one pupil in one slot,
is a line below zero of the next act; where it stands alone again, it is paid again, in its next turn.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from pydantic import ConfigDict

from services.trials.domain.money.rates import Held, Rate, rate_of
from shared.base.models import Answer


class Attended(NamedTuple):
    """An attendance at a venue; `pupil` is the survivor of the entry that has it."""

    id: str
    pupil: str
    slot: str
    time: datetime
    revoked: bool


class Line(NamedTuple):
    """A line of an act: an attendance, and its sum, below zero where it is taken back."""

    attendance: str
    slot: str
    rate: str
    kopecks: int
    turn: int = 1
    """From 1; an attendance that was taken back and stands again is paid in the next turn."""

    @property
    def minus(self) -> bool:
        """True where it takes back what an earlier act has."""
        return self.kopecks < 0


class Sum(Answer):
    """The lines of an act with one rate and sum."""

    model_config = ConfigDict(frozen=True)

    rate: str
    """Id of the rate by which they were reckoned."""
    kopecks: int
    """The sum of each line; below zero where it takes back what an earlier act has."""
    lines: int
    """The number of lines."""
    total: int
    """The sum of all of them, in kopecks."""


class Period(NamedTuple):
    """The days of a season for which a venue is paid, both included."""

    season: str
    begins: date
    ends: date


@dataclass(frozen=True, slots=True)
class Draft:
    """An act as it would be signed now."""

    period: Period
    lines: Sequence[Line]
    pupils: int
    """Pupils whose attendance it pays."""
    unpriced: Mapping[str, int]
    """Competency → attendances for which no rate holds."""

    @property
    def kopecks(self) -> int:
        """The sum of all lines."""
        return sum(line.kopecks for line in self.lines)


def draft(
    period: Period,
    slots: Mapping[str, Held],
    attended: Sequence[Attended],
    known: Iterable[Line],
    rates: Collection[Rate],
) -> Draft:
    """Returns the act of a period; `slots`, `attended` and `known`, the lines of its acts, are all of the season's.

    What an act has is taken back whenever it no longer stands, also where it was held in another period.
    """
    last = {line.attendance: line for line in sorted(known, key=lambda line: (line.turn, line.minus))}
    had = {id: line for id, line in last.items() if not line.minus}
    standing = counted(attended, had)
    due = [one for one in standing if one.id not in had and period.begins <= slots[one.slot].day <= period.ends]
    priced = {slot: rate_of(slots[slot], rates) for slot in {one.slot for one in due}}
    lines, paid, unpriced = list[Line](), set[str](), Counter[str]()
    for one in due:
        rate = priced[one.slot]
        if rate is None:
            unpriced[slots[one.slot].competency] += 1
        else:
            turn = last[one.id].turn + 1 if one.id in last else 1
            lines.append(Line(one.id, one.slot, rate.id, rate.kopecks, turn))
            paid.add(one.pupil)
    left = {one.id for one in standing}
    lines += [line._replace(kopecks=-line.kopecks) for id, line in had.items() if id not in left and line.kopecks]
    return Draft(period, sorted(lines, key=lambda line: (line.minus, line.slot, line.attendance)), len(paid), unpriced)


def counted(attended: Iterable[Attended], paid: Collection[str]) -> list[Attended]:
    """Returns the attendances that stand, of one pupil in one slot one: that which was paid, or else the earliest."""
    kept: dict[tuple[str, str], Attended] = {}
    standing = (one for one in attended if not one.revoked)
    for one in sorted(standing, key=lambda one: (one.id not in paid, one.time, one.id)):
        kept.setdefault((one.pupil, one.slot), one)
    return list(kept.values())


def sums(lines: Iterable[Line], before: Iterable[Sum] = ()) -> tuple[Sum, ...]:
    """Returns the sums of lines by rate, those below zero apart, with the sums of before."""
    counts = Counter((line.rate, line.kopecks) for line in lines)
    counts.update({(one.rate, one.kopecks): one.lines for one in before})
    return tuple(
        Sum(rate=rate, kopecks=kopecks, lines=count, total=count * kopecks)
        for (rate, kopecks), count in sorted(counts.items(), key=lambda item: (item[0][0], -item[0][1]))
    )
