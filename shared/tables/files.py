"""A file that should be a table: told by its first bytes, whatever it is called, and opened."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO, Literal, NoReturn

from shared.base.errors import BadInput
from shared.base.wording import phrase, worded
from shared.tables.columns import Columns
from shared.tables.csv_text import csv_table
from shared.tables.table import Table
from shared.tables.workbook import workbook

Kind = Literal["csv", "xlsx"]
MEDIA_TYPES: Mapping[str, Kind] = {
    "text/csv": "csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}
SNIFFED = 4_096
"""Bytes that tell the kind of a file."""
ZIP = b"PK\x03\x04"
OTHERS: Mapping[bytes, str] = {
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an old workbook (XLS) or one with a password: save it as XLSX or CSV",
    b"%PDF": "a PDF document",
    b"{\\rtf": "an RTF document",
    b"\x1f\x8b": "packed by gzip: unpack it",
    b"Rar!": "packed by RAR: unpack it",
    b"7z\xbc\xaf": "packed by 7-Zip: unpack it",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"PK\x05\x06": "an empty archive",
}
MARKUP = (b"<!doctype", b"<html", b"<?xml", b"<table")
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def kind_of(begin: bytes) -> Kind:
    """The kind of a file by its first bytes; raises BadInput, which says what it is, for one of another kind."""
    if begin.startswith(ZIP):
        return "xlsx"
    for mark, what in OTHERS.items():
        if begin.startswith(mark):
            _refuse(what)
    if begin.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(MARKUP):
        _refuse("a page of HTML or XML, whatever its name says: save it as XLSX or CSV")
    if not begin.strip():
        raise BadInput.field("", "is empty")
    if b"\0" in begin and not begin.startswith(UTF_16):
        _refuse("no text")
    return "csv"


def _refuse(what: str) -> NoReturn:
    raise BadInput.field("", worded("is neither CSV nor XLSX, but {what}", what=phrase(what)))


@contextmanager
def opened(source: BinaryIO, columns: Columns, unpacked: int | None = None) -> Iterator[Table]:
    """Opens the table in a file that can be read anywhere; the file itself stays open.

    Raises BadInput where the file is of another kind, is broken, or names no columns, and where a part of a workbook
    has more than `unpacked` bytes: whoever is answered at once is not to read for minutes.
    """
    source.seek(0)
    kind = kind_of(source.read(SNIFFED))
    source.seek(0)
    if kind == "csv":
        yield csv_table(source, columns)
    else:
        with workbook(source, columns, unpacked) as table:
            yield table
