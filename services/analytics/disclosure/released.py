"""A released table: what was told of it, and numbers that may be told, which nothing but a release makes. Pure.

Releases follow one another in steps: a number that was told stands until it has moved by the least count or more. So
nobody learns of fewer pupils from the difference of two.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Final, Self

from pydantic import BeforeValidator

from services.analytics.disclosure.forms import TOTAL, Counts, Form, Measure
from services.analytics.disclosure.rooms import Cell, Rooms
from services.analytics.disclosure.withholding import Choice, Withholding

_SEAL: Final = object()
Numbers = Mapping[Cell, int]


class Told:
    """A number that was released, or None in the place of one that was withheld."""

    __slots__ = ("number",)

    def __init__(self, number: float | None, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("only a release tells numbers")
        self.number = number

    @classmethod
    def computed(cls, of: "tuple[Told, ...]", how: Callable[..., float]) -> Self:
        """Returns a number that follows from others that were told; None where one of these was withheld."""
        numbers = [told.number for told in of]
        return cls(None if None in numbers else how(*numbers), _SEAL)


def _opened(told: Any) -> float | None:
    if not isinstance(told, Told):
        raise ValueError("is not a number that was released")
    return told.number


Shown = Annotated[int | None, BeforeValidator(_opened)]
"""The type of a public answer's count: nothing but a number that was told is taken for one."""
ShownShare = Annotated[float | None, BeforeValidator(_opened)]


class Released:
    """A table as it was told; only `release`, and the rows of an earlier one, make it."""

    def __init__(self, form: Form, numbers: Numbers, withdrawn: Numbers, seal: object) -> None:
        """`withdrawn` were told before, and are not any more."""
        if seal is not _SEAL:
            raise TypeError("only a release makes a released table")
        self.form, self.numbers, self.withdrawn = form, numbers, withdrawn

    @classmethod
    def of_row(cls, form: Form, row: Mapping[str, Any]) -> Self:
        """Returns the table that `row` was made of."""
        told, withdrawn = ({Cell(*at): n for *at, n in row[part]} for part in ("told", "withdrawn"))
        return cls(form, told, withdrawn, _SEAL)

    def row(self) -> dict[str, Any]:
        """Returns the table as it is stored."""
        parts = {"told": self.numbers, "withdrawn": self.withdrawn}
        return {part: [[*cell, n] for cell, n in sorted(numbers.items())] for part, numbers in parts.items()}

    def rows(self) -> Iterator[tuple[str, Mapping[Measure, Told]]]:
        """Yields the rows with a number that was told, by key, without the totals."""
        for row in sorted({cell.row for cell in self.numbers} - {TOTAL}):
            yield row, self.told(row)

    def told(self, row: str = TOTAL) -> Mapping[Measure, Told]:
        """Returns what was told of a row; of the totals without one."""
        return {one: Told(self.numbers.get(Cell(row, one)), _SEAL) for one in self.form.measures}


def release(counts: Counts, form: Form, least: int, before: Released | None = None) -> Released:
    """Returns the next release of a table; the one before where it cannot follow without telling too much."""
    earlier = before or Released(form, {}, {}, _SEAL)
    last = {**earlier.withdrawn, **earlier.numbers}
    named: Counts = {cell.row: {} for cell in last if cell.row != TOTAL}
    whole = form.whole({**named, **counts})
    true = {Cell(row, measure): n for row, of in whole.items() for measure, n in of.items()}
    stepped = {cell: last[cell] if cell in last and abs(n - last[cell]) < least else n for cell, n in true.items()}
    wanted = _orderly({cell: n for cell, n in stepped.items() if n >= least}, earlier.numbers, form)
    held = frozenset(cell for cell, n in wanted.items() if earlier.numbers.get(cell) == n)
    free, new, hidden = frozenset(wanted) - held, frozenset(true) - last.keys(), frozenset(true) - wanted.keys()
    choice = Withholding(form, Rooms(whole, form), least, free, new).chosen(hidden)
    if choice is None and form.is_summed:  # while no total is told anew, nobody knows what is held from what is
        rooms = Rooms(whole, form, {cell: wanted[cell] for cell in held})
        choice = Withholding(form, rooms, least, free, new).chosen(hidden, frozenset(form.measures))
    return earlier if choice is None else _told(wanted, choice, earlier)


def _told(wanted: Numbers, choice: Choice, earlier: Released) -> Released:
    """Returns the release of a choice; totals that are not told anew stay as they were."""
    untold = {Cell(TOTAL, measure) for measure in choice.untold} - choice.withheld
    kept = {cell: earlier.numbers[cell] for cell in untold & earlier.numbers.keys()}
    chosen = {cell: n for cell, n in wanted.items() if cell not in choice.withheld | untold} | kept
    numbers = _orderly(chosen, earlier.numbers, earlier.form)
    last = {**earlier.withdrawn, **earlier.numbers}
    return Released(earlier.form, numbers, {cell: n for cell, n in last.items() if cell not in numbers}, _SEAL)


def _orderly(numbers: Numbers, before: Numbers, form: Form) -> dict[Cell, int]:
    """Returns the numbers with measures nested in every row.

    One that stands can be less than what is new of a smaller measure. The new one then waits: it stays as it was told
    before, or withheld.
    """
    found = dict(numbers)
    while late := [cell for pair in _disorderly(found, form) for cell in pair if found[cell] != before.get(cell)]:
        for cell in late:
            if cell in before:
                found[cell] = before[cell]
            else:
                found.pop(cell, None)
    return found


def _disorderly(numbers: Numbers, form: Form) -> Iterator[tuple[Cell, Cell]]:
    for row in {cell.row for cell in numbers}:
        for less, more in form.nested:
            pair = Cell(row, less), Cell(row, more)
            if all(cell in numbers for cell in pair) and numbers[pair[0]] > numbers[pair[1]]:
                yield pair
