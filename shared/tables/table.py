"""A table: columns that a header names, and a stream of rows, each with its line in the file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from shared.base.wording import worded
from shared.tables.blanks import says_nothing
from shared.tables.columns import Found
from shared.tables.csv_writing import unguarded

MOST_COLUMNS = 200
LONGEST_CELL = 2_000
"""Characters."""
EXCEL_DAYS = date(1899, 12, 30)
"""The day from which Excel counts the days that are its dates, as long as a workbook does not say 1904."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table, which is not empty."""

    line: int
    """The line of a CSV file on which it begins, or the number of a sheet's row; from 1."""
    texts: tuple[str, ...]
    """Its cells as texts, each on one line, without white space around it; days as `2007-05-17`, whole numbers
    without a point."""
    fault: str = ""
    """The reason why its cells cannot be used; empty where they can."""

    @classmethod
    def of(cls, line: int, cells: list[str]) -> "Row":
        """The row of these cells, with its fault where there are too many of them or one is too long."""
        cells = [unguarded(cell if cell.isprintable() else " ".join(cell.split())) for cell in cells]
        while cells and not cells[-1]:
            cells.pop()
        if len(cells) > MOST_COLUMNS:
            many = worded("has {count} cells; {most} are the most", count=len(cells), most=MOST_COLUMNS)
            return cls(line, tuple(cells[:MOST_COLUMNS]), many)
        if cells and len(max(cells, key=len)) > LONGEST_CELL:
            bare = tuple(cell[:LONGEST_CELL] for cell in cells)
            return cls(line, bare, worded("has a cell of more than {most} characters", most=LONGEST_CELL))
        return cls(line, tuple(cells))


@dataclass(frozen=True, slots=True)
class Table:
    """A table that was opened: its rows are read as they are asked for, and once."""

    columns: Found
    header: Row
    rows: Iterator[Row]
    """Raises BadInput where the file cannot be read on, or holds too many rows."""
    days_from: date = EXCEL_DAYS
    """The day from which numbers that are dates count (`shared.tables.cells.day`)."""

    def values(self, row: Row) -> Mapping[str, str]:
        """The cells of a row that say something, by the names of their columns; columns of no name are left out."""
        texts = row.texts
        places = self.columns.places.items()
        return {name: texts[at] for name, at in places if at < len(texts) and not says_nothing(texts[at])}

    def read(self, row: Row) -> tuple[str, ...]:
        """The cells of a row in the columns that have a name, in the order of the file; of others nothing is kept."""
        texts = row.texts
        return tuple(texts[at] if at < len(texts) else "" for at in sorted(self.columns.places.values()))
