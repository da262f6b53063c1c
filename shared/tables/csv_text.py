"""CSV as schools save it: UTF-8 with or without BOM, UTF-16, or in one of the old encodings; `;`, comma or tab."""

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import product
from typing import BinaryIO

from shared.base.errors import BadInput
from shared.base.wording import worded
from shared.tables.columns import Columns
from shared.tables.headers import HEADER_WITHIN, headed
from shared.tables.table import Row, Table

BLOCK = 64 * 1024
DELIMITERS = ";,\t"
LONGEST_LINE = 400_000
"""Characters: as many columns as a table may have, each with the longest cell."""
OLD = ("cp1251", "cp866", "mac_cyrillic", "koi8-r")
"""Encodings of a byte a letter: of Windows, and those that Excel saves as «CSV (MS-DOS)» and «CSV (Macintosh)»."""
SHOWN = {"cp1251": "Windows-1251", "utf-8-sig": "UTF-8"}
FAR_QUOTES = "a quotation mark is opened here and closed on line {line}: all between them is one cell"
MOST_LINES_OF_A_ROW = 50
"""A cell in quotation marks may go over several lines; one that is never closed would take all that follow."""


def csv_table(source: BinaryIO, columns: Columns) -> Table:
    """The table in a text; encoding and delimiter are found from its begin. Raises BadInput where there is none."""
    encoding = encoding_of(source)
    encoding, delimiter = _spelling(source, OLD if encoding in OLD else (encoding,), columns)
    return headed(_rows(source, encoding, delimiter), columns)


def encoding_of(source: BinaryIO) -> str:
    """The encoding of a text: its BOM says it, else the first bytes that are not ASCII; of old ones, the usual one."""
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


def _spelling(source: BinaryIO, encodings: Sequence[str], columns: Columns) -> tuple[str, str]:
    """The encoding, of these, and the delimiter by which the begin of a text names most columns."""

    def named(encoding: str, delimiter: str) -> int:
        rows = csv.reader(samples[encoding], delimiter=delimiter, skipinitialspace=True)
        try:
            return max((len(columns.found([c.strip() for c in row]).places) for row in rows), default=0)
        except csv.Error:
            return 0

    samples = {encoding: _sample(source, encoding) for encoding in encodings}
    return max(product(encodings, DELIMITERS), key=lambda pair: named(*pair))


def _sample(source: BinaryIO, encoding: str) -> list[str]:
    source.seek(0)
    errors = "strict" if encoding not in OLD else "replace"  # of the one that is chosen, the reader says where
    return list(_lines(source, encoding, HEADER_WITHIN * 2, errors))


def _rows(source: BinaryIO, encoding: str, delimiter: str) -> Iterator[Row]:
    """Yields the rows that are not empty; raises BadInput for a line that cannot be read."""
    source.seek(0)
    pulled = _Pulled(_lines(source, encoding))
    reader = csv.reader(pulled, delimiter=delimiter, skipinitialspace=True)
    widest = 2
    while True:
        pulled.begin()
        try:
            cells = [cell.strip() for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            raise BadInput.field(
                "", worded("line {line} cannot be read: {error}", line=pulled.first, error=str(error))
            ) from None
        row = Row.of(pulled.first, cells)
        if pulled.last == pulled.first:
            widest = max(widest, len(row.texts))
        elif any("\n" in cell and cell.count(delimiter) + 1 >= widest for cell in cells):
            row = Row(row.line, row.texts, worded(FAR_QUOTES, line=pulled.last))
        if row.texts:
            yield row


class _Pulled:
    """Lines as the parser pulls them, counted; of one row it pulls several where a cell goes over them."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.first = 0
        """The first line of the row that is read."""
        self._lines = lines
        self._read = 0

    @property
    def last(self) -> int:
        """The last line of it, once it is read."""
        return self._read

    def begin(self) -> None:
        self.first = self._read + 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        is_within = self._read >= self.first
        line = next(self._lines, None) if self._read - self.first < MOST_LINES_OF_A_ROW else None
        if line is None and is_within:
            raise BadInput.field("", worded("line {line}: a quotation mark is opened and not closed", line=self.first))
        if line is None:
            raise StopIteration
        self._read += 1
        return line


def _lines(source: BinaryIO, encoding: str, most: int | None = None, errors: str = "strict") -> Iterator[str]:
    """Yields the lines of a text with their ends; the file stays open."""
    text = io.TextIOWrapper(source, encoding, errors, newline="")
    number = 0
    try:
        while most is None or number < most:
            number += 1
            line = text.readline(LONGEST_LINE + 1)
            if not line:
                return
            if len(line) > LONGEST_LINE:
                raise BadInput.field(
                    "", worded("line {line} has more than {most} characters", line=number, most=LONGEST_LINE)
                )
            yield line
    except UnicodeError:
        shown = SHOWN.get(encoding, encoding.upper())
        raise BadInput.field(
            "", worded("holds what is not {encoding}, near line {line}", encoding=shown, line=number)
        ) from None
    finally:
        with suppress(ValueError):  # the file is closed already
            text.detach()  # else it would be closed with this
