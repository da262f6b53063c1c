"""Lines of a region's directory: what cells say, in whatever words, and what each comes to over the lines before it."""

from typing import Any

import pytest

from services.registration.domain.directories import (
    Directory,
    DirectoryLine,
    DirectoryRequest,
    Fate,
    Surroundings,
    in_order,
)
from services.registration.domain.organisations import Closing, Organisation
from services.registration.handlers.directories import _read
from services.registration.handlers.numbers import _read as _read_numbers
from shared.base.errors import BadInput, ServiceError
from shared.identity.grants import Grant
from shared.identity.principal import Principal
from tests.builders.organisations import INN, MUNICIPALITY, OGRN, REGION
from tests.builders.registration import NOW, SCHOOL
from tests.builders.sheets import DIRECTORY
from tests.builders.tables import csv_file, with_parts, xlsx_file

OPERATOR = Principal("s", "a", (Grant("regional-operator", "RU-ROS"),))
TOWN = MUNICIPALITY.model_copy(update={"name": "Аксайский район"})


def directory(*known: Organisation, who: Principal = OPERATOR) -> Directory:
    around = Surroundings(REGION, [TOWN, *known], frozenset({"RU-ROS", "RU-MOW"}))
    return Directory(around, DirectoryRequest("RU-ROS", who, NOW))


def line(code: str = "RU-ROS-001-S9", number: int = 2, /, **cells: str) -> DirectoryLine:
    said = {"code": code, "name": "Лицей № 9", "parent": "Аксайский район", **cells}
    return DirectoryLine.of(number, {column: text for column, text in said.items() if text})


def fate(where: Directory, what: DirectoryLine) -> Fate | tuple[str, list[str]]:
    """The fate of a line, or the type of its refusal with the columns at fault."""
    try:
        return where.enter(what)
    except ServiceError as refusal:
        return refusal.type, [error.pointer for error in refusal.errors]


def test_a_line_is_entered_changed_and_known() -> None:
    where = directory()
    assert fate(where, line(level="основной", inn=INN, ogrn=OGRN)) == "created"
    (made,) = where.made
    state = made.state
    assert (state.kind, state.parent, state.level, state.inn) == ("school", "RU-ROS-001", "main", INN)
    stored = state.model_copy(update={"sequence": 1})
    for cells, expected in (
        ({}, "known"),
        ({"name": "Лицей имени Чехова"}, "changed"),
        ({"level": "ПРОДВИНУТЫЙ"}, "changed"),
        ({"parent": ""}, "known"),
        ({"parent": "ru-ros-001"}, ("bad-input", ["parent"])),
    ):
        where = directory(stored)
        assert fate(where, line(**cells)) == expected, cells
        assert all(decision.state.inn == INN for decision in where.made), "an empty cell takes nothing away"


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ("", "school"),
        ("Школа", "school"),
        ("ГИМНАЗИЯ", "school"),
        ("Техникум", "college"),
        ("Организация дополнительного  образования", "supplementary"),
        ("employer", "employer"),
    ],
)
def test_kinds_are_said_in_words(cells: str, kind: str) -> None:
    where = directory()
    assert fate(where, line(kind=cells)) == "created"
    assert where.made[0].state.kind == kind


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"name": ""}, ["name"]),
        ({"code": ""}, ["code"]),
        ({"code": "школа 9"}, ["code"]),
        ({"kind": "Дворец", "level": "высший"}, ["kind", "level"]),
        ({"parent": ""}, ["parent"]),
        ({"parent": "Азовский район"}, ["parent"]),
        ({"parent": "RU-ROS-001-S01"}, ["parent"]),
        ({"inn": "7707083894"}, ["inn"]),
        ({"ogrn": "12"}, ["ogrn"]),
        ({"kind": "колледж", "level": "базовый"}, ["level"]),
        ({"code": "RU-MOW-001-S9"}, ["code"]),
        ({"name": "\u200b"}, ["name"]),
    ],
)
def test_a_line_that_is_wrong_names_its_columns(changed: dict[str, str], expected: list[str]) -> None:
    where = directory(SCHOOL)
    assert fate(where, line(**changed)) == ("bad-input", expected)
    assert where.made == []


def test_what_the_register_does_not_allow_is_refused_by_column() -> None:
    holder = SCHOOL.model_copy(update={"inn": INN})
    foreign = SCHOOL.model_copy(update={"id": "RU-MOW-001-S1", "region": "RU-MOW"})
    shut = SCHOOL.model_copy(update={"id": "RU-ROS-001-S3", "closed": Closing(at=NOW)})
    where = directory(holder, foreign, shut)
    for changed, expected in (
        ({"inn": INN}, ("inn-taken", ["inn"])),
        ({"code": "ru-ros-001-s01"}, ("code-taken", ["code"])),
        ({"code": foreign.id}, ("code-taken", ["code"])),
        ({"code": shut.id}, ("organisation-closed", ["code"])),
        ({"code": SCHOOL.id, "kind": "колледж"}, ("organisation-fixed", [])),
    ):
        assert fate(where, line(**changed)) == expected, changed


def test_municipalities_come_first_and_a_code_stands_once() -> None:
    lines = [
        line("RU-ROS-002-S1", 2, parent="Новый  РАЙОН"),
        line("RU-ROS-002", 3, kind="Муниципальный район", name="Новый район", parent=""),
        line("ru-ros-002-s1", 4),
        line("RU-ROS-003", 5, kind="район", name="Новый район", parent=""),
        line("RU-ROS-003-S1", 6, parent="Новый район"),
    ]
    where = directory()
    fates = {one.number: fate(where, one) for one in in_order(lines[:3])}
    assert fates == {3: "created", 2: "created", 4: ("bad-input", ["code"])}
    assert [decision.state.parent for decision in where.made] == ["RU-ROS", "RU-ROS-002"]
    assert [fate(where, one) for one in in_order(lines[3:])] == ["created", ("bad-input", ["parent"])]


def rows(*lines: list[Any]) -> list[list[Any]]:
    return [["Перечень организаций Ростовской области"], [], DIRECTORY, *lines]


@pytest.mark.parametrize("form", ["utf-8", "utf-8-sig", "cp1251", "xlsx"])
def test_files_as_programs_save_them_say_the_same(form: str) -> None:
    lines = rows(
        ["RU-ROS-001-S1", "Школа", "МБОУ «Школа № 1; имени Ёлкина»", "Аксайский район", "Базовый", INN, OGRN],
        ["", "", "", "", "", "", ""],
        ["RU-ROS-001-S2", "", "Школа  № 2", "RU-ROS-001", "", "", ""],
    )
    file = xlsx_file(lines) if form == "xlsx" else csv_file(lines, form)
    found, titles = _read(file)
    assert titles["level"] == "Уровень"
    assert [(one.number, one.code) for one in found] == [(4, "RU-ROS-001-S1"), (6, "RU-ROS-001-S2")]
    where = directory()
    assert [fate(where, one) for one in found] == ["created", "created"]
    first, second = (decision.state for decision in where.made)
    assert (first.name, first.level, first.inn) == ("МБОУ «Школа № 1; имени Ёлкина»", "basic", INN)
    assert (second.name, second.parent, second.inn) == ("Школа № 2", "RU-ROS-001", None)


def test_a_spreadsheet_loses_the_zero_of_an_inn_and_gets_it_back() -> None:
    (found,), _ = _read(xlsx_file(rows(["RU-ROS-001-S1", "", "Школа", "RU-ROS-001", "", 105000019, ""])))
    assert found.values["inn"] == "0105000019"


def test_a_workbook_that_swells_is_refused_before_it_is_unpacked() -> None:
    sheet = {"xl/worksheets/sheet1.xml": bytes(65 * 1024 * 1024)}
    file = with_parts(xlsx_file(rows()), sheet)
    assert len(file) < 100_000
    for read, most in ((_read, 32), (_read_numbers, 64)):
        with pytest.raises(BadInput, match=f"more than {most} MiB once unpacked"):
            read(file)


def test_a_file_of_another_kind_or_without_its_columns_is_refused_as_a_whole() -> None:
    for file, said in (
        (b"%PDF-1.7", "PDF"),
        (csv_file([["Код", "Район"], ["1", "2"]]), "Наименование"),
        (b"", "is empty"),
    ):
        with pytest.raises(BadInput, match=said):
            _read(file)
