"""CSV that spreadsheets open as it is meant: no cell of it is a formula."""

import csv
from collections.abc import Iterable
from io import StringIO

BOM = "\ufeff"
"""By it Excel knows UTF-8."""
DELIMITER = ";"
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so would be reckoned, and may send what stands beside it elsewhere."""


def line_of(cells: Iterable[str | int | float]) -> str:
    """One line, with its end; a text that a program would take for a formula has an apostrophe before it."""
    return lines_of([cells])


def lines_of(rows: Iterable[Iterable[str | int | float]]) -> str:
    """Lines, each as `line_of` makes it."""
    text = StringIO()
    csv.writer(text, delimiter=DELIMITER, lineterminator="\r\n").writerows(
        [guarded(cell) for cell in row] for row in rows
    )
    return text.getvalue()


def guarded(cell: str | int | float) -> str | int | float:
    """A cell that is no formula: a number may begin with a minus, a text may not."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def unguarded(text: str) -> str:
    """The text of a cell without the apostrophe that `line_of` has put before it."""
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA) else text
