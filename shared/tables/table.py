"""A table: columns that a header names, and a stream of rows, each with its line in the file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from shared.base.errors import BadInput
from shared.base.wording import phrase, worded
from shared.tables.blanks import is_error, says_nothing
from shared.tables.columns import Columns, Found
from shared.tables.csv_writing import unguarded

OF_A_FORMULA = "{title}: is the error {error} of a formula: write the value instead"
HEADER_WITHIN = 30
"""The header is one of so many first rows that are not empty: titles and dates stand above it."""
MOST_COLUMNS = 200
LONGEST_CELL = 2_000
"""Characters."""
MOST_ROWS = 200_000
"""Of a file, its empty ones left out: a region's pupils, and as many again."""
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


def headed(rows: Iterator[Row], columns: Columns, days_from: date = EXCEL_DAYS) -> Table:
    """The table below the first row that names all columns which are needed.

    Raises BadInput where none of the first rows does; it says what the nearest of them lacks, or of which other kind
    the table is.
    """
    nearest: tuple[Row, Found] | None = None
    other = ""
    for _, row in zip(range(HEADER_WITHIN), rows, strict=False):
        found = columns.found(row.texts)
        if not found.missing:
            if found.doubled:
                doubled = ", ".join(found.doubled)
                raise BadInput.field(
                    "", worded("line {line} names a column twice: {doubled}", line=row.line, doubled=doubled)
                )
            return Table(found, row, _without_errors(_below(row, rows), row, found), days_from)
        alike = (what for what, kind in columns.others.items() if not kind.found(row.texts).missing)
        other = other or next(alike, "")
        if nearest is None or len(found.places) > len(nearest[1].places):
            nearest = row, found
    if nearest is None:
        raise BadInput.field("", "holds no row")
    if other:
        raise BadInput.field("", worded("is {other}", other=phrase(other)))
    row, found = nearest
    missing = ", ".join(found.missing)
    if not found.places:
        raise BadInput.field("", worded("no line at the begin names its columns: {missing}", missing=missing))
    raise BadInput.field("", worded("line {line} names columns, but not {missing}", line=row.line, missing=missing))


def _below(header: Row, rows: Iterator[Row]) -> Iterator[Row]:
    """Yields the rows below the header, without a second row of one that is merged over two, or one of mere numbers."""
    for number, row in enumerate(rows):
        if number == 0 and (set(row.texts) <= {*header.texts, ""} or _is_numbering(row.texts)):
            continue
        if number >= MOST_ROWS:
            raise BadInput.field("", worded("holds more than {most} rows: divide it", most=MOST_ROWS))
        yield row


def _without_errors(rows: Iterator[Row], header: Row, found: Found) -> Iterator[Row]:
    """Yields the rows, with a fault where a column that is read holds what a formula could not reckon."""
    places = sorted(found.places.values())
    for row in rows:
        wrong = [at for at in places if at < len(row.texts) and is_error(row.texts[at])]
        if wrong and not row.fault:
            title, error = header.texts[wrong[0]], row.texts[wrong[0]]
            row = Row(row.line, row.texts, worded(OF_A_FORMULA, title=title, error=error))
        yield row


def _is_numbering(texts: tuple[str, ...]) -> bool:
    """Tells a row that numbers the columns, as forms have one below their titles."""
    return len(texts) > 2 and all(text == str(at) for at, text in enumerate(texts, 1))
