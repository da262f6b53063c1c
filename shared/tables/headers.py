"""The header of a table: the first row that names the columns, or two of them where titles stand over others."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import chain, zip_longest

from shared.base.errors import BadInput
from shared.base.wording import phrase, worded
from shared.tables.blanks import is_error
from shared.tables.columns import Columns, Found
from shared.tables.table import EXCEL_DAYS, Row, Table

OF_A_FORMULA = "{title}: is the error {error} of a formula: write the value instead"
HEADER_WITHIN = 30
"""The header is one of so many first rows that are not empty: titles and dates stand above it."""
MOST_ROWS = 200_000
"""Of a file, its empty ones left out: a region's pupils, and as many again."""


def headed(rows: Iterator[Row], columns: Columns, days_from: date = EXCEL_DAYS) -> Table:
    """The table below the first row that names all columns which are needed, alone or with the row below it.

    Raises BadInput where none of the first rows does; it says what the nearest of them lacks, or of which other kind
    the table is.
    """
    seen = list[Row]()
    row = next(rows, None)
    while row is not None and len(seen) < HEADER_WITHIN:
        seen.append(row)
        below = next(rows, None)
        header, found = _header(row, below, columns)
        if not found.missing:
            if found.doubled:
                doubled = ", ".join(found.doubled)
                raise BadInput.field(
                    "", worded("line {line} names a column twice: {doubled}", line=row.line, doubled=doubled)
                )
            left = rows if below is None or header.line == below.line else chain([below], rows)
            return Table(found, header, _without_errors(_below(header, left), header, found), days_from)
        row = below
    raise _without_header(seen, columns)


def _header(row: Row, below: Row | None, columns: Columns) -> tuple[Row, Found]:
    """Returns a row and what it names, or what it names with the next one, which it stands over, where that is more."""
    found = columns.found(row.texts)
    if below is None:
        return row, found
    both = Row(below.line, tuple(_joined(row.texts, below.texts, columns)))
    named, alone = columns.found(both.texts), columns.found(below.texts)
    is_more = found.missing or found.doubled or named.places.keys() > found.places.keys()
    is_less = named.missing or named.doubled or (not alone.missing and len(alone.places) > len(named.places))
    return (both, named) if is_more and not is_less else (row, found)


def _joined(above: Sequence[str], below: Sequence[str], columns: Columns) -> Iterator[str]:
    """Yields the titles of two rows; one over several columns stands in the first of them, or in each."""
    group = ""
    for over, under in zip_longest(above, below, fillvalue=""):
        group = over or (group if under else "")
        if not under or under == group or columns.says_nothing(group):
            yield under or group
        else:
            yield f"{group} {under}".strip()


def _without_header(seen: Sequence[Row], columns: Columns) -> BadInput:
    """Returns what is wrong with the first rows of a table, none of which names what is needed."""
    if not seen:
        return BadInput.field("", "holds no row")
    for row in seen:
        for what, kind in columns.others.items():
            if not kind.found(row.texts).missing:
                return BadInput.field("", worded("is {other}", other=phrase(what)))
    row, found = max(((row, columns.found(row.texts)) for row in seen), key=lambda pair: len(pair[1].places))
    missing = ", ".join(found.missing)
    if not found.places:
        return BadInput.field("", worded("no line at the begin names its columns: {missing}", missing=missing))
    return BadInput.field("", worded("line {line} names columns, but not {missing}", line=row.line, missing=missing))


def _below(header: Row, rows: Iterator[Row]) -> Iterator[Row]:
    """Yields the rows below the header, without a second row of one that is merged over two, or one of mere numbers."""
    for number, row in enumerate(rows):
        if number == 0 and (set(row.texts) <= {*header.texts, ""} or _is_numbering(row.texts)):
            continue
        if number >= MOST_ROWS:
            raise BadInput.field("", worded("holds more than {most} rows: divide it", most=MOST_ROWS))
        yield row


def _without_errors(rows: Iterator[Row], header: Row, found: Found) -> Iterator[Row]:
    """Yields the rows, with a fault where a column that is read holds what a formula could not reckon."""
    places = sorted(found.places.values())
    for row in rows:
        wrong = [at for at in places if at < len(row.texts) and is_error(row.texts[at])]
        if wrong and not row.fault:
            title, error = header.texts[wrong[0]], row.texts[wrong[0]]
            row = Row(row.line, row.texts, worded(OF_A_FORMULA, title=title, error=error))
        yield row


def _is_numbering(texts: tuple[str, ...]) -> bool:
    """Tells a row that numbers the columns, as forms have one below their titles."""
    return len(texts) > 2 and all(text == str(at) for at, text in enumerate(texts, 1))
