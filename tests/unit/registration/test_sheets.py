"""The two sheets of another platform: schools by name, numbers by school and class, and what it counted of a pupil."""

from collections.abc import Mapping
from typing import Any

import pytest

from services.registration.domain.import_columns import COUNTS, columns_of
from services.registration.domain.import_lines import Line, LineReader
from services.registration.domain.number_columns import NUMBERS
from services.registration.domain.numbers import NumberLine, NumberReader, by_school, enter_numbers, is_sum
from services.registration.domain.opening_balances import OpeningBalance, first_of
from services.registration.domain.school_names import SchoolNames
from services.registration.domain.school_years import SchoolYear, SchoolYearEntry, enter_year
from shared.base.errors import BadInput
from shared.tables.table import EXCEL_DAYS
from tests.builders.registration import SCHOOL
from tests.builders.sheets import SUMMARY, TOTAL

TOWNS = {"RU-ROS-001": "Аксайский район", "RU-ROS-002": "г. Азов"}
OTHER = SCHOOL.model_copy(update={"id": "RU-ROS-002-S01", "name": "ШКОЛА №1", "municipality": "RU-ROS-002"})
ALONE = SCHOOL.model_copy(update={"id": "RU-ROS-002-S02", "name": 'Лицей "Ёлочка"', "municipality": "RU-ROS-002"})
NAMES = SchoolNames([SCHOOL, OTHER, ALONE], TOWNS)


def pupil(**changed: str) -> Line:
    values = {"name": "Ким Пётр", "birth_date": "17.05.2007", "grade": "7", "letter": "А", "school_name": "Школа № 1"}
    return LineReader(None, None, EXCEL_DAYS, NAMES).line(5, {**values, "municipality": "Аксайский район", **changed})


def test_each_sheet_is_known_by_its_own_titles() -> None:
    numbers = ["Муниципалитет", "Образовательная организация", "Класс", TOTAL]
    assert NUMBERS.found(numbers).places == {"municipality": 0, "school_name": 1, "class": 2, "total": 3}
    found = columns_of(False, False).found(SUMMARY)
    assert (found.missing, found.unknown) == ([], [6])
    assert [found.places[word] for word in COUNTS] == [7, 8, 9, 10, 11]
    assert NUMBERS.found(SUMMARY).missing
    assert columns_of(False, False).found(numbers).missing


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (("школа №  1", "АКСАЙСКИЙ район"), "RU-ROS-001-S01"),
        (("Школа № 1", "г. Азов"), "RU-ROS-002-S01"),
        (("Лицей «Елочка»", None), "RU-ROS-002-S02"),
        (("Лицей «Елочка»", "г. Азов"), "RU-ROS-002-S02"),
        (("ru-ros-002-s02", None), "RU-ROS-002-S02"),
    ],
)
def test_a_school_is_found_by_its_name(said: tuple[str, str | None], code: str) -> None:
    assert NAMES.code(*said) == code


@pytest.mark.parametrize(
    ("said", "word"),
    [
        (("Школа № 2", None), "school_name"),
        (("Школа № 1", None), "school_name"),
        (("Школа № 1", "Ростов"), "municipality"),
        (("Лицей «Елочка»", "Ростов"), "municipality"),
        (("Лицей «Елочка»", "Аксайский район"), "school_name"),
    ],
)
def test_a_name_of_no_school_or_of_several_is_a_fault(said: tuple[str, str | None], word: str) -> None:
    with pytest.raises(BadInput) as refused:
        NAMES.code(*said)
    assert [error.pointer for error in refused.value.errors] == [word]


def test_a_line_of_the_summary_says_its_school_and_what_was_counted() -> None:
    line = pupil(diagnostics="2", trials="1", archived_on="Нет")
    assert (line.school, line.school_class, line.archived, line.faults) == (SCHOOL.id, "7А", False, [])
    assert line.counted == {**dict.fromkeys(COUNTS, 0), "diagnostics": 2, "trials": 1}
    assert pupil().counted is None
    assert pupil(archived_on="01.02.2024").archived
    wrong = pupil(school_name="Школа № 9", trials="-1", museums="много", archived_on="вчера")
    pointers = {fault.pointer.removeprefix("line 5/") for fault in wrong.faults}
    assert (wrong.archived, pointers) == (False, {"school_name", "trials", "museums", "archived_on"})


def test_the_balance_of_a_pupil_is_that_of_the_first_entry_that_has_one() -> None:
    one, two = (OpeningBalance(participant=id, year=2020, trials=1) for id in ("one", "two"))
    assert first_of({"one": one, "two": two}, ["three", "two", "one"]) == two
    assert first_of({}, ["one"]) is None
    assert OpeningBalance(participant="one", year=2020).is_empty
    assert not one.is_empty


def number(line: int = 5, /, fault: str = "", **values: str) -> NumberLine:
    usual = {"school_name": "Школа № 1", "municipality": "Аксайский район", "class": "7А", "total": "25"}
    said = {word: text for word, text in {**usual, **values}.items() if text}
    return NumberReader(NAMES, {SCHOOL.id: SCHOOL}, "RU-ROS").line(line, said, fault)


def filled(*lines: NumberLine, known: SchoolYear | None = None) -> list[tuple[int, str | None, int, int | None]]:
    state = enter_numbers(known, SCHOOL, "2020", lines).state
    return [(n.grade, n.school_class, n.total, n.disabled) for n in state.pupils]


def test_numbers_replace_those_of_their_grades_and_leave_the_rest() -> None:
    before: dict[str, Any] = {"level": "main", "pupils": [{"grade": 7, "total": 9}, {"grade": 5, "total": 40}]}
    known = enter_year(None, SCHOOL, "2020", SchoolYearEntry.model_validate(before)).state
    lines = [
        number(),
        number(**{"class": "7", "letter": "Б", "total": "1 020", "disabled": "2.0"}),
        number(**{"class": "10 класс"}),
    ]
    assert filled(*lines, known=known) == [
        (5, None, 40, None),
        (7, "7А", 25, None),
        (7, "7Б", 1020, 2),
        (10, None, 25, None),
    ]
    again = enter_numbers(known, SCHOOL, "2020", lines).state
    assert again.level == "main"
    assert not enter_numbers(again, SCHOOL, "2020", lines).made


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"total": "много", "class": "А7"}, {"total", "class"}),
        ({"total": "-1"}, {"total"}),
        ({"total": "5001"}, {"total"}),
        ({"total": ""}, {"total"}),
        ({"class": ""}, {"class"}),
        ({"class": "12"}, {"class"}),
        ({"disabled": "?"}, {"disabled"}),
        ({"school_name": "Школа № 9"}, {"school_name"}),
        ({"school": "RU-ROS-002-S01"}, {"school"}),
        ({"school_name": ""}, {"school"}),
        ({"fault": "is long"}, {""}),
    ],
)
def test_a_number_that_cannot_be_read_names_its_column(changed: Mapping[str, str], words: set[str]) -> None:
    assert {fault.pointer for fault in number(**changed).faults} == words


def test_a_school_with_a_wrong_line_is_refused_whole() -> None:
    good, wrong, elsewhere = number(5), number(6, total="?"), number(7, municipality="г. Азов")
    schools, refused = by_school([good, wrong, elsewhere])
    assert (schools, [line.number for line in refused]) == ({OTHER.id: [elsewhere]}, [5, 6])
    assert [fault.detail for fault in good.faults] == ["line 6 of the same school is wrong"]
    with pytest.raises(BadInput) as twice:
        filled(number(5), number(6))
    assert [error.pointer for error in twice.value.errors] == ["pupils/1/grade"]


def test_sums_are_no_numbers() -> None:
    assert is_sum({"municipality": "ИТОГО по району"})
    assert is_sum({"class": "Всего:"})
    assert not is_sum({"municipality": "Аксайский район", "school_name": "Всегодическая школа", "class": "7"})
