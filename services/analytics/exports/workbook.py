"""Tables as workbooks, in constant memory: a sheet of rows, and one that says what they are."""

from collections.abc import Sequence
from datetime import date
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO

import xlsxwriter

from services.analytics.exports.table import Batch, Cell, Table
from shared.base.errors import BadInput

MOST_ROWS = 1_048_575
"""Of a sheet, below the line of the names."""
WIDTH, WIDEST = 14, 60


class Workbook:
    """A file while it is written; rows wait in files of the same folder until it is closed."""

    at_once = 500

    def __init__(self, file: BinaryIO, table: Table) -> None:
        """Writes the names of the columns and the sheet about them."""
        self._folder = TemporaryDirectory()
        self._book = xlsxwriter.Workbook(file, {"constant_memory": True, "tmpdir": self._folder.name})
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd", "align": "left"})
        self._share = self._book.add_format({"num_format": "0.0%"})
        head = self._book.add_format({"bold": True, "bg_color": "#E8EEF7"})
        self._sheet = self._book.add_worksheet("data")
        self._sheet.freeze_panes(1, 0)
        for number, column in enumerate(table.columns):
            self._sheet.set_column(number, number, max(WIDTH, len(column.name) + 2))
            self._sheet.write_string(0, number, column.name, head)
        self._shares = {number for number, column in enumerate(table.columns) if column.kind == "share"}
        self._rows, self._last_column = 0, len(table.columns) - 1
        self._about = [*table.about.items(), ("", ""), *((c.name, c.meaning) for c in table.columns)]

    def add(self, batch: Batch) -> None:
        """Writes rows; raises BadInput for more than a sheet can have."""
        if self._rows + len(batch) > MOST_ROWS:
            raise BadInput.field("query:format", f"xlsx has {MOST_ROWS} rows at most: ask for csv or parquet")
        for row in batch:
            self._rows += 1
            for number, cell in enumerate(row):
                if cell is not None:
                    self._write(number, cell)

    def _write(self, column: int, cell: Cell) -> None:
        match cell:
            case str():
                self._sheet.write_string(self._rows, column, cell)
            case date():
                self._sheet.write_datetime(self._rows, column, cell, self._day)
            case _:
                self._sheet.write_number(self._rows, column, cell, self._share if column in self._shares else None)

    def close(self) -> None:
        """Puts the workbook together."""
        if self._rows:
            self._sheet.autofilter(0, 0, self._rows, self._last_column)
        _add_about(self._book, self._about)
        self._book.close()
        self._folder.cleanup()

    def discard(self) -> None:
        """Lets go of the rows, which no finished workbook removes."""
        self._sheet._opt_close()
        self._folder.cleanup()


def _add_about(book: Any, lines: Sequence[tuple[str, str]]) -> None:
    sheet = book.add_worksheet("about")
    sheet.set_column(0, 0, WIDTH * 2)
    sheet.set_column(1, 1, WIDEST)
    for number, (name, text) in enumerate(lines):
        sheet.write_string(number, 0, name)
        sheet.write_string(number, 1, text)
