"""Workbooks that a teacher opens: a title, a header that stays, widths, dates as dates, and texts that are texts."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from tempfile import TemporaryDirectory
from typing import Any

import xlsxwriter

Cell = str | int | Decimal | date | None
HEADER = 2
"""The row of the header, below the title and an empty one."""
KEPT_LEFT = 2
"""Columns that stay while one looks at those to the right: the number and the name."""
IN_MEMORY = "/dev/shm"
"""A file system in memory, where there is one: rows wait there for the end of the workbook, and names on no disk."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a sheet."""

    title: str
    width: int
    """In characters."""


class Sheet:
    """A sheet while it is written, row by row."""

    def __init__(self, worksheet: Any, formats: Any, title: str, columns: Sequence[Column]) -> None:
        self._worksheet = worksheet
        self._formats = formats
        self._columns = columns
        self._row = HEADER
        for number, column in enumerate(columns):
            worksheet.set_column(number, number, column.width)
        worksheet.freeze_panes(HEADER + 1, KEPT_LEFT)
        worksheet.set_landscape()
        worksheet.set_paper(9)  # A4
        worksheet.fit_to_pages(1, 0)
        worksheet.repeat_rows(HEADER)
        worksheet.write_string(0, 0, _seen(title), formats["title"])
        worksheet.set_row(HEADER, 45)
        for number, column in enumerate(columns):
            worksheet.write_string(HEADER, number, column.title, formats["header"])

    def add(self, row: Sequence[Cell]) -> None:
        """Writes the next row; a text is never read as a formula, a number or an address."""
        self._row += 1
        for number, cell in enumerate(row):
            match cell:
                case None:
                    pass
                case str():
                    self._worksheet.write_string(self._row, number, _seen(cell))
                case date():
                    self._worksheet.write_datetime(self._row, number, cell, self._formats["date"])
                case Decimal():
                    self._worksheet.write_number(self._row, number, cell, self._formats["money"])
                case int():
                    self._worksheet.write_number(self._row, number, cell)

    def close(self) -> None:
        """Lets the header filter all rows."""
        self._worksheet.autofilter(HEADER, 0, self._row, len(self._columns) - 1)


class Book:
    """A workbook in constant memory: rows that are written lie in files of a folder until it is closed."""

    def __init__(self, now: datetime, folder: str) -> None:
        self._content = BytesIO()
        self._is_open = True
        self._workbook = xlsxwriter.Workbook(self._content, {"constant_memory": True, "tmpdir": folder})
        self._workbook.set_properties({"created": now.replace(tzinfo=None)})
        add = self._workbook.add_format
        header = {"bold": True, "text_wrap": True, "valign": "vcenter", "border": 1, "bg_color": "#E8EEF7"}
        self._formats = {
            "title": add({"bold": True, "font_size": 13}),
            "header": add(header),
            "money": add({"num_format": "#,##0.00"}),
            "date": add({"num_format": "dd.mm.yyyy", "align": "left"}),
        }
        self._sheets: list[Sheet] = []

    def sheet(self, name: str, title: str, columns: Sequence[Column]) -> Sheet:
        """Begins a sheet; `name` stands on its tab."""
        sheet = Sheet(self._workbook.add_worksheet(name), self._formats, title, columns)
        self._sheets.append(sheet)
        return sheet

    def close(self) -> bytes:
        """Returns the workbook; nothing can be written after it."""
        if self._is_open:
            self._is_open = False
            for sheet in self._sheets:
                sheet.close()
            self._workbook.close()
        return self._content.getvalue()


@contextmanager
def book(now: datetime) -> Iterator[Book]:
    """A workbook whose files are gone at the end, whatever happens."""
    with TemporaryDirectory(dir=IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else None) as folder:
        made = Book(now, folder)
        try:
            yield made
        finally:
            made.close()


def _seen(text: str) -> str:
    """The text without what XML cannot hold; an earlier release stored names as they were typed."""
    return "".join(letter for letter in text if letter.isprintable())
