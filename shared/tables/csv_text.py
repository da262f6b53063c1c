"""CSV as schools save it: UTF-8 with or without BOM, UTF-16 or Windows-1251; `;`, comma or tab."""

import codecs
import csv
import io
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO

from shared.base.errors import BadInput
from shared.tables.columns import Columns
from shared.tables.table import HEADER_WITHIN, Row, Table, headed

BLOCK = 64 * 1024
DELIMITERS = ";,\t"
LONGEST_LINE = 400_000
"""Characters: as many columns as a table may have, each with the longest cell."""
MOST_LINES_OF_A_ROW = 50
"""A cell in quotation marks may go over several lines; one that is never closed would take all that follow."""


def csv_table(source: BinaryIO, columns: Columns) -> Table:
    """The table in a text; encoding and delimiter are found from its begin. Raises BadInput where there is none."""
    encoding = encoding_of(source)
    delimiter = _delimiter(source, encoding, columns)
    return headed(_rows(source, encoding, delimiter), columns)


def encoding_of(source: BinaryIO) -> str:
    """The encoding of a text: its BOM says it, else the first bytes that are not ASCII."""
    source.seek(0)
    block = source.read(BLOCK)
    for bom, name in ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if block.startswith(bom):
            return name
    while block and block.isascii():
        block = source.read(BLOCK)
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(block)
    wrong = text.count("\ufffd")
    right = sum(not character.isascii() for character in text) - wrong
    return "cp1251" if wrong > right else "utf-8"  # of broken UTF-8 the reader says where


def _delimiter(source: BinaryIO, encoding: str, columns: Columns) -> str:
    """The delimiter by which the begin of a text names most columns."""
    source.seek(0)
    lines = _lines(source, encoding, HEADER_WITHIN * 2)
    sample = list(lines)

    def named(delimiter: str) -> int:
        rows = csv.reader(sample, delimiter=delimiter, skipinitialspace=True)
        try:
            return max((len(columns.found([c.strip() for c in row]).places) for row in rows), default=0)
        except csv.Error:
            return 0

    return max(DELIMITERS, key=named)


def _rows(source: BinaryIO, encoding: str, delimiter: str) -> Iterator[Row]:
    """Yields the rows that are not empty; raises BadInput for a line that cannot be read."""
    source.seek(0)
    pulled = _Pulled(_lines(source, encoding))
    reader = csv.reader(pulled, delimiter=delimiter, skipinitialspace=True)
    while True:
        pulled.begin()
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            raise BadInput.field("", f"line {pulled.first}: {error}") from None
        if any(cells):
            yield Row.of(pulled.first, cells)


class _Pulled:
    """Lines as the parser pulls them, counted; of one row it pulls several where a cell goes over them."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.first = 0
        """The first line of the row that is read."""
        self._lines = lines
        self._read = 0

    def begin(self) -> None:
        self.first = self._read + 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if self._read - self.first >= MOST_LINES_OF_A_ROW:
            raise BadInput.field("", f"line {self.first}: a quotation mark is opened and not closed")
        line = next(self._lines)
        self._read += 1
        return line


def _lines(source: BinaryIO, encoding: str, most: int | None = None) -> Iterator[str]:
    """Yields the lines of a text with their ends; the file stays open."""
    text = io.TextIOWrapper(source, encoding, newline="")
    number = 0
    try:
        while most is None or number < most:
            number += 1
            line = text.readline(LONGEST_LINE + 1)
            if not line:
                return
            if len(line) > LONGEST_LINE:
                raise BadInput.field("", f"line {number} has more than {LONGEST_LINE} characters")
            yield line
    except UnicodeError:
        shown = "Windows-1251" if encoding == "cp1251" else encoding.removesuffix("-sig").upper()
        raise BadInput.field("", f"holds what is not {shown}, near line {number}") from None
    finally:
        with suppress(ValueError):  # the file is closed already
            text.detach()  # else it would be closed with this
