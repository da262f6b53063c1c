"""The room of a number that is not told: how far it can be from what it is, for all that anybody knows. Pure.

Whoever knows the table but for what is withheld, its totals, and that measures are nested, can still think of other
tables: such in which a row has more of some withheld measures and the rows beside it have as many fewer. Rooms count
these moves from the true table alone, so a number has at least the room that is found here.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from services.analytics.disclosure.forms import TOTAL, Counts, Form, Measure

ANY = 1 << 40
"""As many as one likes."""
Block = frozenset[Measure]
Hiding = Mapping[str, AbstractSet[Measure]]
"""The measures that each row withholds."""


class Cell(NamedTuple):
    """A number's place in its table."""

    row: str
    measure: Measure


class Rooms:
    """The rooms in one table, whatever of it is withheld."""

    def __init__(self, counts: Counts, form: Form, held: Mapping[Cell, int] | None = None) -> None:
        """`counts` have every measure of each row; what is `held` may be as it is told, as well as what it is."""
        self.counts = counts
        self._form = form
        self._blocks = form.blocks()
        self._rows = [row for row in counts if row != TOTAL]
        self._held = held or {}

    def blocks(self, cell: Cell, withheld: AbstractSet[Cell]) -> list[frozenset[Cell]]:
        """Returns the blocks around a cell that its row withholds as a whole, smaller ones first."""
        found = (frozenset(Cell(cell.row, one) for one in block) for block in self._blocks if cell.measure in block)
        return [cells for cells in found if cells <= withheld]

    def hiding(self, withheld: Iterable[Cell]) -> Hiding:
        """Returns the withheld measures of each row, that with the totals left out."""
        measures: dict[str, set[Measure]] = {row: set() for row in self._rows}
        for row, measure in withheld:
            if row != TOTAL:
                measures[row].add(measure)
        return measures

    def room(self, cell: Cell, hiding: Hiding, untold: AbstractSet[Measure], enough: int) -> int:
        """Returns the room of a withheld cell, up to as much as is enough; nobody knows the totals of `untold`."""
        fewer = self._reach(cell, -1, hiding, untold, enough)
        return fewer if fewer >= enough else fewer + self._reach(cell, 1, hiding, untold, enough - fewer)

    def _reach(self, cell: Cell, sign: int, hiding: Hiding, untold: AbstractSet[Measure], enough: int) -> int:
        """Returns how much more, or less, a cell may be thought to be, one move after the other."""
        if not self._form.is_summed:
            untold = set(self._form.measures)
        moving = {cell.row: hiding[cell.row]} if cell.row != TOTAL else hiding if cell.measure in untold else {}
        around = [(row, block) for block in self._blocks for row in moving if cell.measure in block <= moving[row]]
        thought = dict(self.counts)
        reached = 0
        while reached < enough and (step := self._step(around, sign, hiding, untold, thought)):
            reached += step
        return reached

    def _step(
        self,
        around: Iterable[tuple[str, Block]],
        sign: int,
        hiding: Hiding,
        untold: AbstractSet[Measure],
        thought: dict[str, Mapping[str, int]],
    ) -> int:
        """Makes one move in what is thought, and returns how far it goes.

        Another row goes the other way in the measures whose totals are told.
        """
        for row, block in around:
            if (far := self._far(row, block, sign, thought)) <= 0:
                continue
            if not (told := block - untold):
                return _move(row, block, sign * far, thought)
            for other, measures in hiding.items():
                if other != row and told <= measures and (back := self._far(other, told, -sign, thought)) > 0:
                    _move(other, told, -sign * min(far, back), thought)
                    return _move(row, block, sign * min(far, back), thought)
        return 0

    def _far(self, row: str, block: Block, sign: int, thought: Mapping[str, Mapping[str, int]]) -> int:
        """Returns how far the measures of a block may move together while the row stays nested."""
        of, far = thought[row], ANY
        if sign < 0:
            far = min(of[measure] for measure in block)
        for less, more in self._form.nested:
            if (more if sign < 0 else less) in block and (less if sign < 0 else more) not in block:
                low = min(of[less], self._held.get(Cell(row, less), of[less]))
                high = max(of[more], self._held.get(Cell(row, more), of[more]))
                far = min(far, (of[more] - low) if sign < 0 else (high - of[less]))
        return far


def _move(row: str, block: Block, far: int, thought: dict[str, Mapping[str, int]]) -> int:
    thought[row] = {measure: n + far if measure in block else n for measure, n in thought[row].items()}
    return abs(far)
