"""XLSX, read row by row: the sheet with the list, with what it merges, within bounds that a bomb would pass."""

import re
import warnings
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time
from typing import Any, BinaryIO
from zipfile import ZipFile

from defusedxml.common import DefusedXmlException
from openpyxl import DEFUSEDXML, load_workbook

from shared.base.errors import BadInput
from shared.base.wording import phrase, worded
from shared.tables.columns import Columns
from shared.tables.headers import headed
from shared.tables.merges import Merges, merges
from shared.tables.table import Row, Table

MIB = 1024 * 1024
MOST_PARTS = 2_000
LARGEST: Mapping[str, int] = {"xl/worksheets/": 512 * MIB, "xl/sharedstrings.xml": 96 * MIB, "xl/media/": 512 * MIB}
"""Bytes of a part once it is unpacked, by the begin of its name; a sheet is read in pieces, its texts are held."""
LARGEST_OTHER = 4 * MIB
SEVERAL_LISTS = (
    "has a list on each of the sheets {sheets}, counted from the left: "
    "send each as a file of its own, or hide those that are not meant"
)
MOST_SHEETS = 100
"""More than a school has classes."""
LOOKED_THROUGH = 500
"""The first rows of a sheet, which tell whether it has a list."""
LAST_ROW = 1_048_576
"""Of a sheet, as Excel has it."""
assert DEFUSEDXML, "openpyxl must refuse entities"


@contextmanager
def workbook(source: BinaryIO, columns: Columns, unpacked: int | None = None) -> Iterator[Table]:
    """Opens the table in a workbook; raises BadInput where it is broken, too large unpacked, or names no columns."""
    with _understood():
        with ZipFile(source) as archive:
            _must_be_bounded(archive, unpacked or max(LARGEST.values()))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what openpyxl cannot show, such as drawings, is not what is read
            book = load_workbook(source, read_only=True, data_only=True, keep_links=False)
    try:
        first = book.epoch.date() if isinstance(book.epoch, datetime) else book.epoch
        yield _only([sheet for sheet in book.worksheets if sheet.sheet_state == "visible"], source, columns, first)
    finally:
        book.close()


def _only(sheets: Sequence[Any], source: BinaryIO, columns: Columns, first: date) -> Table:
    """The table of the only sheet with a list, else of the first one; `first` is the day from which numbers count.

    Raises BadInput where that names no columns, and where several have a list: nobody would miss the other ones.
    """
    if not sheets or len(sheets) > MOST_SHEETS:
        if not sheets:
            raise BadInput.field("", "is a workbook without a sheet that is shown")
        raise BadInput.field("", worded("is a workbook with more than {most} sheets that are shown", most=MOST_SHEETS))
    lists = [number for number, sheet in enumerate(sheets, 1) if len(sheets) > 1 and _has_list(sheet, columns)]
    if len(lists) > 1:
        raise BadInput.field("", worded(SEVERAL_LISTS, sheets=", ".join(map(str, lists))))
    sheet = sheets[lists[0] - 1 if lists else 0]
    with _understood():
        merged = merges(source, sheet._worksheet_path)
    return headed(_rows(sheet, merged), columns, first)


def _has_list(sheet: Any, columns: Columns) -> bool:
    """Tells whether the begin of a sheet names the columns, with a row below; merged cells are not looked for."""
    rows = _rows(sheet, Merges(iter(())), LOOKED_THROUGH)
    try:
        return next(headed(rows, columns).rows, None) is not None
    except BadInput:
        return False
    finally:
        rows.close()


@contextmanager
def _understood() -> Iterator[None]:
    """Says of errors in the body that the workbook is at fault."""
    try:
        yield
    except BadInput:
        raise
    except Exception as error:  # parsers of formats so large fail over hostile files in more ways than can be listed
        if any(isinstance(cause, DefusedXmlException) for cause in _causes(error)):
            raise BadInput.field("", "is a workbook with entities of its own, which no program writes") from None
        raise BadInput.field(
            "", worded("is no workbook, or a broken one: {error}", error=type(error).__name__)
        ) from None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _must_be_bounded(archive: ZipFile, unpacked: int) -> None:
    """Raises BadInput for a workbook that would grow without measure; a part never gives more than it declares."""
    parts = archive.infolist()
    names = {part.filename.lower() for part in parts}
    if "[content_types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise BadInput.field("", "is an archive or a document of another kind, not a workbook (XLSX)")
    if len(parts) > MOST_PARTS:
        raise BadInput.field("", worded("is a workbook of more than {most} parts", most=MOST_PARTS))
    for part in parts:
        name = part.filename.lower()
        most = next((size for begin, size in LARGEST.items() if name.startswith(begin)), LARGEST_OTHER)
        most = min(most, unpacked)
        if part.file_size > most:
            large = worded("is a workbook with a part of more than {most} MiB once unpacked", most=most // MIB)
            raise BadInput.field("", large)


def _rows(sheet: Any, merged: Merges, last: int = LAST_ROW) -> Generator[Row, None, None]:
    """Yields the rows of a sheet that are not empty; raises BadInput where it cannot be read on, or goes on too far."""
    sheet.reset_dimensions()  # programs write wrong ones
    cells = sheet.iter_rows(values_only=True)
    line = 0
    while True:
        line += 1
        if line > last:
            raise BadInput.field("", worded("has more than {most} rows", most=last))
        try:
            with _understood():
                values: Sequence[Any] | None = next(cells, None)
        except BadInput as fault:
            raise BadInput.field(
                "", worded("{fault}, at line {line}", fault=phrase(fault.errors[0].detail), line=line)
            ) from None
        if values is None:
            return
        texts = merged.filled(line, [_text(value) for value in values])
        if any(texts):
            yield Row.of(line, texts)


NEWLINES = re.compile(r"_x000[dDaA]_")


def _text(value: Any) -> str:
    """A cell as text; days and whole numbers as people write them."""
    if value is None:
        return ""
    if isinstance(value, str):
        return NEWLINES.sub(" ", value).strip() if "_x000" in value else value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        midnight = value.time() == time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)
