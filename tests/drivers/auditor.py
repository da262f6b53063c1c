"""An attacker with a solver: all that can be computed of a number that was withheld, from everything that was told.

It shares no code with the choice of what is withheld. Every release is a table that nobody knows; what is known of it
are inequalities: measures are nested, a number that is new in a release is exact, one that stands is less than a step
away, totals are sums. Where a cell is known to have stood still, it is the same in all releases.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

import numpy
from scipy.optimize import linprog

from services.analytics.disclosure.forms import TOTAL, Counts, Form
from services.analytics.disclosure.released import Released
from services.analytics.disclosure.rooms import Cell

FAR = 10_000
"""An end of an interval that has none."""


class Auditor:
    """What follows from some releases of a table."""

    def __init__(
        self, form: Form, least: int, told: Sequence[tuple[Counts, Released]], still: AbstractSet[Cell]
    ) -> None:
        """`told` are the releases, each with the true table; `still` are known to be the same in all of them."""
        self._form, self._rows = form, sorted(told[0][0])
        self._places = {
            (at, cell): n
            for n, (at, cell) in enumerate((at, cell) for at in range(len(told)) for cell in self._cells())
        }
        self._below: list[tuple[Mapping[int, int], int]] = []
        self._equal: list[tuple[Mapping[int, int], int]] = []
        last: dict[Cell, int] = {}
        for at, (counts, released) in enumerate(told):
            whole = form.whole(counts)
            for row in self._rows:
                for less, more in form.nested:
                    self._below.append(({self._at(at, row, less): 1, self._at(at, row, more): -1}, 0))
            for cell, number in released.numbers.items():
                sums = self._sum(at, cell)
                if last.get(cell) != number:
                    self._equal.append((sums, number))
                elif abs(whole[cell.row][cell.measure] - number) < least:
                    self._below.append((sums, number + least - 1))
                    self._below.append(({n: -1 for n in sums}, least - 1 - number))
            last |= released.numbers
            for cell in still if at else ():
                self._equal.append(({self._places[at, cell]: 1, self._places[at - 1, cell]: -1}, 0))

        self._known = self._dense(self._below), self._dense(self._equal)

    def _cells(self) -> Sequence[Cell]:
        return [Cell(row, measure) for row in self._rows for measure in self._form.measures]

    def _at(self, at: int, row: str, measure: str) -> int:
        return self._places[at, Cell(row, measure)]

    def _sum(self, at: int, cell: Cell) -> Mapping[int, int]:
        """The numbers that make one: itself, or the rows of a total."""
        rows = self._rows if cell.row == TOTAL else [cell.row]
        return {self._at(at, row, cell.measure): 1 for row in rows}

    def room(self, at: int, cell: Cell) -> float:
        """The difference between the largest and the smallest that a cell of a release can be."""
        ends = [self._end(at, cell, sign) for sign in (1, -1)]
        return ends[0] - ends[1]

    def _end(self, at: int, cell: Cell, sign: int) -> float:
        sought = self._dense([(self._sum(at, cell), 0)])[0][0] * -sign
        (below, most), (equal, values) = self._known
        found = linprog(sought, A_ub=below, b_ub=most, A_eq=equal, b_eq=values, bounds=(0, FAR), method="highs")
        assert found.success, "the true tables are among those that are possible"
        return -sign * float(found.fun)

    def _dense(self, told: Sequence[tuple[Mapping[int, int], int]]) -> tuple[numpy.ndarray, list[int]]:
        matrix = numpy.zeros((len(told), len(self._places)))
        for line, (parts, _) in enumerate(told):
            for place, factor in parts.items():
                matrix[line, place] = factor
        return matrix, [value for _, value in told]
