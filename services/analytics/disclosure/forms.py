"""The tables that are released: their measures, what everybody knows of these, and the least count that is told. Pure.

Rows are places or competencies. A row's measures are nested where none can be larger than another; totals over all
rows are a row of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

PUPILS, DISABILITY = 5, 11
"""The least number that is told: of pupils, and of pupils with a disability."""
TOTAL = ""
"""The key of the row with the totals, which no place has."""
Measure = str
Counts = Mapping[str, Mapping[Measure, int]]
"""Row → measure → count."""


@dataclass(frozen=True, slots=True)
class Form:
    """The measures of a table, and what can be known of them without a count."""

    measures: tuple[Measure, ...]
    """Of two that are nested, the larger comes first."""
    nested: tuple[tuple[Measure, Measure], ...] = ()
    """Pairs of a smaller measure and one that is nowhere less."""
    is_summed: bool = True
    """Totals over the rows are told as well."""

    def blocks(self) -> list[frozenset[Measure]]:
        """Returns the neighbouring measures that may be thought larger or smaller together, fewer before more."""
        ends = combinations(range(len(self.measures) + 1), 2)
        return sorted((frozenset(self.measures[begin:end]) for begin, end in ends), key=len)

    def whole(self, counts: Counts) -> Counts:
        """Returns every measure of each row, and the totals."""
        rows = {row: {one: of.get(one, 0) for one in self.measures} for row, of in counts.items()}
        totals = {one: sum(of[one] for of in rows.values()) for one in self.measures}
        return {**rows, TOTAL: totals} if self.is_summed else rows


STAGES = Form(
    ("registered", "participated", "tested", "attended", "recommended", "completed"),
    (
        ("participated", "registered"),
        ("tested", "participated"),
        ("attended", "participated"),
        ("recommended", "tested"),
        ("completed", "recommended"),
        ("completed", "attended"),
    ),
)
"""Pupils at the stages of a season, by municipality."""
DEMAND = Form(("attended", "booked"), is_summed=False)
"""Practical trials by competency: a pupil is in several, and there may be an attendance without a booking."""
