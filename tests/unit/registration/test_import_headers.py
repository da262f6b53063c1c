"""Titles that stand over others: two rows are one header where that names more, and a row of data is a part of none."""

import io
from typing import Any

import pytest

from services.registration.domain.import_columns import columns_of
from shared.base.errors import BadInput
from shared.tables.files import opened
from tests.builders.tables import csv_file, xlsx_file

COLUMNS = columns_of(school=True, school_class=False)
CHILD = ["Ким Пётр", "17.05.2007", "7А"]
Rows = list[list[str]]


def read(file: bytes) -> list[tuple[int, dict[str, str]]]:
    with opened(io.BytesIO(file), COLUMNS) as table:
        return [(row.line, dict(table.values(row))) for row in table.rows]


def sheet(rows: Rows, *merged: str) -> bytes:
    def merge(sheet: Any) -> None:
        for cells in merged:
            sheet.merge_cells(cells)

    return xlsx_file(rows, merge)


CONSENT: Rows = [
    ["ФИО", "Дата рождения", "Класс", "Родитель", "", "Согласие", ""],
    ["", "", "", "ФИО", "Телефон", "дата", "способ"],
    [*CHILD, "Ким Олег", "+7 900", "14.09.2020", "бумага"],
]
FAMILY: Rows = [
    ["Список 7А класса", "", "", "", "", "", ""],
    ["Обучающийся", "", "", "", "Класс", "Мать", "Отец"],
    ["Фамилия", "Имя", "Отчество", "Дата рождения", "", "ФИО", "ФИО"],
    ["Ким", "Пётр", "", "17.05.2007", "7А", "Ким Анна", "Ким Олег"],
]


@pytest.mark.parametrize("file", [csv_file(CONSENT), sheet(CONSENT, "A1:A2", "B1:B2", "C1:C2", "D1:E1", "F1:G1")])
def test_a_guardian_s_name_below_a_title_is_not_the_child_s(file: bytes) -> None:
    child = {"name": "Ким Пётр", "birth_date": "17.05.2007", "class": "7А"}
    consent = {"consent_day": "14.09.2020", "consent_channel": "бумага"}
    assert read(file) == [(3, {**child, "guardian": "Ким Олег", **consent})]


@pytest.mark.parametrize("file", [csv_file(FAMILY), sheet(FAMILY, "A1:G1", "A2:D2", "E2:E3")])
def test_a_title_over_a_pupil_s_columns_changes_none_of_them(file: bytes) -> None:
    child = {"last_name": "Ким", "first_name": "Пётр", "birth_date": "17.05.2007", "class": "7А"}
    assert read(file) == [(4, {**child, "guardian": "Ким Анна", "second_guardian": "Ким Олег"})]


def test_a_list_below_a_title_of_the_whole_keeps_its_own_header() -> None:
    rows = [["Ученики", "", ""], ["ФИО", "Дата рождения", "Класс"], CHILD]
    assert [line for line, _ in read(csv_file(rows))] == [3]
    assert [line for line, _ in read(sheet(rows, "A1:C1"))] == [3]


@pytest.mark.parametrize("name", ["Родитель", "Согласие", "ФИО", "Класс", "Фамилия Имя"])
def test_a_row_of_data_is_no_part_of_the_header_whatever_it_says(name: str) -> None:
    rows = [["ФИО", "Дата рождения", "Класс", "Согласие"], [name, "17.05.2007", "7А", "да"], CHILD]
    assert [line for line, _ in read(csv_file(rows))] == [2, 3]


def test_a_column_that_two_rows_name_twice_is_refused() -> None:
    rows = [["ФИО", "Дата рождения", "Класс", "Родитель", ""], ["", "", "", "ФИО", "ФИО"], [*CHILD, "Ким О", "Ким А"]]
    with pytest.raises(BadInput) as refused:
        read(sheet(rows, "D1:E1"))
    assert "names a column twice: Родитель" in refused.value.errors[0].detail
