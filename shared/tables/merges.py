"""Merged cells of a sheet: the value stands in the first of them alone, and means all."""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO
from zipfile import ZipFile

from shared.base.errors import BadInput
from shared.base.wording import worded
from shared.tables.table import MOST_COLUMNS

MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^<>]{0,100}?ref="([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})"')
BLOCK, LONGEST = 1024 * 1024, 256
"""Bytes that are looked through together, and those of the longest mark, which may lie across two blocks."""
MOST_MERGES = 50_000


@dataclass(frozen=True, slots=True)
class _Range:
    """Cells that are merged; rows from 1, columns from 0, both ends included."""

    top: int
    left: int
    bottom: int
    right: int


class Merges:
    """The merged cells of a sheet, filled while its rows are read from the first to the last."""

    def __init__(self, ranges: Iterator[_Range]) -> None:
        self._coming = deque(sorted(ranges, key=lambda one: one.top))
        self._open: list[tuple[_Range, str]] = []

    def filled(self, line: int, texts: list[str]) -> list[str]:
        """The cells of a row with the values of those that are merged with them.

        Raises BadInput for ranges that share a cell, which no program writes: thousands of them could be in each row.
        """
        while self._coming and self._coming[0].top <= line:
            one = self._coming.popleft()
            value = texts[one.left] if one.left < len(texts) and one.top == line else ""
            self._open.append((one, value))
        if self._open:
            if sum(one.right - one.left + 1 for one, _ in self._open) > MOST_COLUMNS:
                raise BadInput.field("", "has merged cells that overlap")
            for one, value in self._open:
                if value and one.right >= len(texts):
                    texts.extend([""] * (one.right + 1 - len(texts)))
                for at in range(one.left, one.right + 1) if value else ():
                    texts[at] = texts[at] or value
            self._open = [pair for pair in self._open if pair[0].bottom > line]
        return texts


def merges(source: BinaryIO, path: str) -> Merges:
    """The merged cells of the sheet at a path of a workbook: they are told behind its rows, so it is looked through."""
    with ZipFile(source) as archive:
        return Merges(iter(list(_ranges(archive, path))))


def _ranges(archive: ZipFile, path: str) -> Iterator[_Range]:
    kept, count = b"", 0
    with archive.open(path.lstrip("/")) as sheet:
        while block := sheet.read(BLOCK):
            text = kept + block
            end = 0
            for found in MERGED.finditer(text):
                end = found.end()
                count += 1
                if count > MOST_MERGES:
                    raise BadInput.field("", worded("merges cells in more than {most} places", most=MOST_MERGES))
                one = _Range(int(found[2]), _column(found[1]), int(found[4]), _column(found[3]))
                if one.right < MOST_COLUMNS:
                    yield one
            kept = text[max(end, len(text) - LONGEST) :]


def _column(letters: bytes) -> int:
    """The place of a column, from 0: `A` is 0, `AA` is 26."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number - 1
