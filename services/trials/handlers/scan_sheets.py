"""A sheet of scans as a file: each of its lines is read by itself, as an item of a list is."""

from collections.abc import Sequence
from functools import partial
from io import BytesIO

from pydantic import ValidationError

from services.trials.domain.presence.passes import Scan
from services.trials.domain.presence.scan_columns import SCANS
from shared.base.errors import BadInput
from shared.base.side_thread import LIGHT, aside, paced
from shared.base.wording import worded
from shared.http.batch import Item
from shared.tables.files import opened
from shared.tables.table import Row, Table

MOST_LINES = 1_000
UNPACKED = 1024 * 1024
"""Bytes of a part of a workbook: so many lines have half of them, and empty ones would take minutes to be passed."""


async def scans_in(file: bytes) -> tuple[Sequence[int], Sequence[Item[Scan]]]:
    """Returns the lines of a file and what each says; raises BadInput for no table, too long a one, or one of nothing.

    Refusals name a line by its number in the file.
    """
    return await aside(partial(_read, file), LIGHT)


def _read(file: bytes) -> tuple[Sequence[int], Sequence[Item[Scan]]]:
    lines: list[int] = []
    items: list[Item[Scan]] = []
    with opened(BytesIO(file), SCANS, UNPACKED) as table:
        for row in paced(table.rows):
            if len(items) >= MOST_LINES:
                raise BadInput.field("", worded("holds more than {most} lines: divide it", most=MOST_LINES))
            lines.append(row.line)
            items.append(_item(table, row))
    if not items:
        raise BadInput.field("", "has no line below the titles")
    return lines, items


def _item(table: Table, row: Row) -> Item[Scan]:
    at = f"/{row.line}"
    if row.fault:
        return Item(at, BadInput.field(at, row.fault))
    try:
        return Item(at, Scan.model_validate(dict(table.values(row))))
    except ValidationError as error:
        return Item(at, BadInput.invalid(error, at))
