"""Tables as files: the same rows in every format, typed, and no text of them a formula."""

import csv
import io
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import date
from typing import Any

import openpyxl
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.analytics.exports import workbook
from services.analytics.exports.columns import columns_of
from services.analytics.exports.files import Format, written
from services.analytics.exports.table import CONTEXT, Batch, Cell, Column, Table
from services.analytics.figures.figure import Figures
from services.analytics.figures.registry import FIGURES
from shared.base.errors import BadInput
from shared.base.models import Answer
from shared.tables.csv_writing import unguarded

COLUMNS = (
    Column("name", "text", "A name."),
    Column("pupils", "whole", "How many."),
    Column("share", "share", "Of all."),
    Column("day", "day", "When."),
)
ROWS: Sequence[Sequence[Cell]] = (
    ("=1+1", -5, 0.25, date(2020, 9, 1)),
    ('a;b"c', 0, 1.0, date(2020, 12, 31)),
    ("-7", 2**53, 0.0, None),
    (None, None, None, date(1999, 1, 1)),
)


def table(*batches: Batch, columns: Sequence[Column] = COLUMNS) -> Table:
    async def rows() -> AsyncIterator[Batch]:
        for batch in batches:
            yield batch

    return Table("t", {"method": "t/1", "scope": "the whole region"}, columns, rows())


async def content(of: Table, format: Format) -> bytes:
    with await written(of, format) as file:
        return file.read()


def of_csv(read: bytes) -> list[tuple[Cell, ...]]:
    lines = csv.reader(io.StringIO(read.decode("utf-8-sig")), delimiter=";")
    assert next(lines) == [column.name for column in COLUMNS]
    as_cell: tuple[Callable[[str], Cell], ...] = (unguarded, int, float, date.fromisoformat)
    return [tuple(kind(text) if text else None for kind, text in zip(as_cell, line, strict=True)) for line in lines]


def of_workbook(read: bytes) -> list[tuple[Any, ...]]:
    book = openpyxl.load_workbook(io.BytesIO(read))
    head, *rows = book["data"].iter_rows()
    assert [cell.value for cell in head] == [column.name for column in COLUMNS]
    assert not [cell for row in rows for cell in row if cell.data_type == "f"], "no formula"
    assert ("method", "t/1") in list(book["about"].iter_rows(values_only=True))
    return [tuple(c.value.date() if c.is_date and c.value else c.value for c in row) for row in rows]


def of_parquet(read: bytes) -> list[tuple[Any, ...]]:
    found = pyarrow.parquet.read_table(io.BytesIO(read))
    assert found.schema.metadata[b"scope"] == b"the whole region"
    assert [str(field.type) for field in found.schema] == ["string", "int64", "double", "date32[day]"]
    return [tuple(row.values()) for row in found.to_pylist()]


READ = {"csv": of_csv, "xlsx": of_workbook, "parquet": of_parquet}
FORMATS: tuple[Format, ...] = ("csv", "xlsx", "parquet")


@pytest.mark.parametrize("format", FORMATS)
async def test_every_format_has_the_same_rows(format: Format) -> None:
    assert READ[format](await content(table(ROWS[:1], ROWS[1:]), format)) == list(ROWS)
    assert READ[format](await content(table(), format)) == []


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1))
async def test_a_text_is_the_same_text_and_nothing_that_is_reckoned(text: str) -> None:
    row = (text, 1, 0.5, date(2020, 1, 1))
    read = await content(table([row]), "csv")
    line = next(line for n, line in enumerate(csv.reader(io.StringIO(read.decode("utf-8-sig")), delimiter=";")) if n)
    assert not line[0].startswith(("=", "+", "-", "@"))
    assert unguarded(line[0]) == text
    assert of_parquet(await content(table([row]), "parquet")) == [row]


async def test_a_workbook_that_has_no_room_says_what_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MOST_ROWS", 5)
    with pytest.raises(BadInput, match="csv or parquet"):
        await content(table(ROWS, ROWS), "xlsx")
    assert len(of_csv(await content(table(ROWS, ROWS), "csv"))) == 8


def test_every_figure_has_columns_that_say_what_they_are() -> None:
    for figure in FIGURES:
        columns = columns_of(figure.answer)
        assert columns
        assert all(column.meaning for column in columns), figure.name
        names = [column.name for column in (*CONTEXT, *columns)]
        assert len(set(names)) == len(names), figure.name


def test_a_row_that_is_not_flat_is_no_table() -> None:
    class Deep(Answer):
        """A row."""

        inner: list[int]

    class Odd(Figures):
        """An answer."""

        rows: list[Deep]

    with pytest.raises(TypeError, match="list"):
        columns_of(Odd)


def test_every_figure_has_words_in_both_languages() -> None:
    for figure in FIGURES:
        assert set(figure.words) == {"ru", "en"}
        for language, words in figure.words.items():
            said = " ".join(part or "" for part in words)
            cyrillic = sum("а" <= letter <= "я" for letter in said.lower())
            assert (cyrillic > len(said) / 2) == (language == "ru"), figure.name
        assert len({words.denominator is None for words in figure.words.values()}) == 1
