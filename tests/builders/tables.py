"""Files of tables as a test needs them."""

import io
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import Workbook

from shared.base.errors import BadInput
from shared.tables.columns import Columns
from shared.tables.files import opened
from shared.tables.table import Row

CLASS_LIST = [
    ["Фамилия", "Имя", "Дата рождения", "Класс"],
    ["Иванова", "Анна", "17.05.2007", "7А"],
    ["Ёлкин", "Пётр", "01.06.2007", "7Б"],
]


def csv_file(rows: Sequence[Sequence[str]], encoding: str = "utf-8", delimiter: str = ";") -> bytes:
    """Rows as a program saves them: cells that hold the delimiter, a quotation mark or a line's end are quoted."""

    def cell(text: str) -> str:
        quoted = any(mark in text for mark in (delimiter, '"', "\n"))
        return f'"{text.replace(chr(34), chr(34) * 2)}"' if quoted else text

    return "\r\n".join(delimiter.join(map(cell, row)) for row in rows).encode(encoding)


def xlsx_file(rows: Sequence[Sequence[Any]], change: Callable[[Any], None] | None = None) -> bytes:
    """A workbook whose first sheet has these rows; `change` does with the sheet what else is wanted."""
    book = Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(list(row))
    if change is not None:
        change(sheet)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def with_parts(workbook: bytes, parts: Mapping[str, bytes]) -> bytes:
    """A workbook with some of its parts replaced, or with others added."""
    out = io.BytesIO()
    with ZipFile(io.BytesIO(workbook)) as before, ZipFile(out, "w", ZIP_DEFLATED) as after:
        for name in dict.fromkeys([*before.namelist(), *parts]):
            after.writestr(name, parts[name] if name in parts else before.read(name))
    return out.getvalue()


def part_of(workbook: bytes, name: str) -> bytes:
    """A part of a workbook."""
    with ZipFile(io.BytesIO(workbook)) as archive:
        return archive.read(name)


def with_shared_strings(workbook: bytes) -> bytes:
    """A workbook whose texts stand in a part of their own, each once, as Excel saves them."""
    texts: dict[bytes, int] = {}

    def shared(found: re.Match[bytes]) -> bytes:
        number = texts.setdefault(found[2], len(texts))
        return found[1] + b't="s"><v>%d</v></c>' % number

    cell = rb'(<c r="[A-Z]+[0-9]+"(?: s="[0-9]+")? )t="inlineStr"><is>(.*?)</is></c>'
    sheet = re.sub(cell, shared, part_of(workbook, "xl/worksheets/sheet1.xml"), flags=re.DOTALL)
    kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    told = b'<Override PartName="/xl/sharedStrings.xml" ContentType="' + kind + b'"/></Types>'
    items = b"".join(b"<si>" + text + b"</si>" for text in texts)
    space = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    parts = {
        "xl/worksheets/sheet1.xml": sheet,
        "xl/sharedStrings.xml": b'<sst xmlns="' + space + b'">' + items + b"</sst>",
        "[Content_Types].xml": part_of(workbook, "[Content_Types].xml").replace(b"</Types>", told),
    }
    return with_parts(workbook, parts)


COLUMNS = Columns(
    {
        "name": ["ФИО", "Ф.И.О. ученика"],
        "last_name": ["Фамилия"],
        "first_name": ["Имя"],
        "birth_date": ["Дата рождения", "Д.р."],
        "class": ["Класс"],
    },
    needed=[["name", "last_name"], ["birth_date"]],
)


def read(file: bytes) -> list[Row]:
    with opened(io.BytesIO(file), COLUMNS) as table:
        return list(table.rows)


def values(file: bytes) -> list[dict[str, str]]:
    with opened(io.BytesIO(file), COLUMNS) as table:
        return [dict(table.values(row)) for row in table.rows]


def refusal(file: bytes) -> str:
    with pytest.raises(BadInput) as refused:
        read(file)
    return refused.value.errors[0].detail


EXPECTED = [
    {"last_name": "Иванова", "first_name": "Анна", "birth_date": "17.05.2007", "class": "7А"},
    {"last_name": "Ёлкин", "first_name": "Пётр", "birth_date": "01.06.2007", "class": "7Б"},
]
