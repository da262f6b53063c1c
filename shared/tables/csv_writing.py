"""CSV that spreadsheets open as it is meant: no cell of it is a formula."""

from collections.abc import Iterable

BOM = "\ufeff"
"""By it Excel knows UTF-8."""
DELIMITER = ";"
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so would be reckoned, and may send what stands beside it elsewhere."""


def line_of(cells: Iterable[str]) -> str:
    """One line, with its end; a cell that a program would take for a formula has an apostrophe before it."""
    return DELIMITER.join(map(_cell, cells)) + "\r\n"


def _cell(text: str) -> str:
    safe = f"'{text}" if text.startswith(FORMULA) else text
    if any(mark in safe for mark in (DELIMITER, '"', "\n", "\r")):
        return '"' + safe.replace('"', '""') + '"'
    return safe


def unguarded(text: str) -> str:
    """The text of a cell without the apostrophe that `line_of` has put before it."""
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA) else text
