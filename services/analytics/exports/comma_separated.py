"""Tables in CSV: UTF-8 as Excel knows it, days as ISO 8601 writes them, numbers with a point, no text a formula."""

from typing import BinaryIO

from services.analytics.exports.table import Batch, Cell, Table
from shared.tables.csv_writing import BOM, line_of, lines_of


class CommaSeparated:
    """A file while it is written."""

    at_once = 5_000

    def __init__(self, file: BinaryIO, table: Table) -> None:
        """Writes the names of the columns."""
        self._file = file
        self._file.write((BOM + line_of(column.name for column in table.columns)).encode())

    def add(self, batch: Batch) -> None:
        """Writes rows; nothing stands where something is unknown."""
        self._file.write(lines_of([_text(cell) for cell in row] for row in batch).encode())

    def close(self) -> None:
        """Needs nothing more."""

    def discard(self) -> None:
        """Has nothing of its own."""


def _text(cell: Cell) -> str | int | float:
    return "" if cell is None else cell if isinstance(cell, int | float) else str(cell)
