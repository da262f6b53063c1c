"""The choice of what is withheld, so that nothing of it follows from what is told. Pure.

A number that stands for fewer pupils than the least is withheld, and beside it others whose sum with it is told, until
each has room. A number that was never told needs room among such alone: what was told once is known to whoever kept it.
"""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from services.analytics.disclosure.forms import TOTAL, Form, Measure
from services.analytics.disclosure.rooms import Cell, Rooms


@dataclass(frozen=True, slots=True)
class Choice:
    """The numbers of a table that are withheld."""

    withheld: frozenset[Cell]
    untold: frozenset[Measure] = frozenset()
    """Measures whose totals are not told: withheld, or left as they were told before."""


@dataclass(frozen=True, slots=True)
class Withholding:
    """The numbers of a table, as far as they may be chosen from."""

    form: Form
    rooms: Rooms
    least: int
    free: frozenset[Cell]
    """May be told, and may be withheld as well."""
    new: frozenset[Cell]
    """Were never told."""

    def chosen(self, withheld: frozenset[Cell], untold: frozenset[Measure] = frozenset()) -> Choice | None:
        """Returns what is withheld, those given included; None where that is not enough, whatever else is."""
        withheld |= self._totals(untold)
        choice = Choice(withheld, untold | {cell.measure for cell in withheld if cell.row == TOTAL})
        while (narrow := next(self._narrow(choice), None)) is not None:
            more = self._beside(choice, narrow) or self._without_totals(choice, narrow)
            if more is None:
                return None
            choice = more
        return choice

    def _narrow(self, choice: Choice) -> Iterator[Cell]:
        """Yields the cells with too little room, each among those that give it some."""
        for cell in sorted(choice.withheld):
            if self._room(choice, cell) < self.least:
                yield cell

    def _among(self, cell: Cell, withheld: AbstractSet[Cell]) -> AbstractSet[Cell]:
        return withheld & self.new if cell in self.new else withheld

    def _room(self, choice: Choice, cell: Cell) -> int:
        among = self._among(cell, choice.withheld)
        return self.rooms.room(cell, self.rooms.hiding(among), choice.untold, self.least)

    def _beside(self, choice: Choice, cell: Cell) -> Choice | None:
        """Returns the choice with numbers of another row that give the cell room: as few and as small as may be."""
        room, found = self._room(choice, cell), None
        for added in self._candidates(choice, cell):
            wider = replace(choice, withheld=choice.withheld | added)
            wide = self._room(wider, cell)
            if wide >= self.least:
                return wider
            if wide > room:
                room, found = wide, wider
        return found

    def _candidates(self, choice: Choice, cell: Cell) -> Sequence[frozenset[Cell]]:
        free = self._among(cell, self.free) - choice.withheld
        hidden = self._among(cell, choice.withheld)
        blocks = self.rooms.blocks(cell, hidden)
        rows = {one.row for one in free} - {cell.row, TOTAL}
        beside = (frozenset(one._replace(row=row) for one in block) for block in blocks for row in rows)
        fit = {block - hidden for block in beside if block <= free | hidden} - {frozenset()}
        return sorted(fit, key=lambda added: (len(added), sum(self._n(one) for one in added), sorted(added)))

    def _n(self, cell: Cell) -> int:
        return self.rooms.counts[cell.row][cell.measure]

    def _without_totals(self, choice: Choice, cell: Cell) -> Choice | None:
        """Returns the choice without the totals of as few measures as give the cell room."""
        room = self._room(choice, cell)
        for block in self.rooms.blocks(cell, self._among(cell, choice.withheld)) if self.form.is_summed else ():
            untold = choice.untold | {one.measure for one in block}
            wider = Choice(choice.withheld | self._totals(untold), untold)
            if untold != choice.untold and self._room(wider, cell) > room:
                return wider
        return None

    def _totals(self, measures: Iterable[Measure]) -> frozenset[Cell]:
        """Returns the totals that are withheld where they are not told; those told before stay as they were."""
        return frozenset(total for one in measures if (total := Cell(TOTAL, one)) in self.new)
