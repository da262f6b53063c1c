"""Workbooks as schools fill them in, and as an attacker would."""

import io
from datetime import date, datetime
from typing import Any

import pytest

from shared.tables.cells import day, whole, yes
from shared.tables.files import opened
from shared.tables.table import EXCEL_DAYS
from tests.builders.tables import (
    CLASS_LIST,
    COLUMNS,
    EXPECTED,
    part_of,
    read,
    refusal,
    values,
    with_parts,
    with_shared_strings,
    xlsx_file,
)

SHEET, STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"


def test_a_workbook_is_read_as_the_same_text_is() -> None:
    assert values(xlsx_file(CLASS_LIST)) == EXPECTED
    assert values(with_shared_strings(xlsx_file(CLASS_LIST))) == EXPECTED


def test_days_and_numbers_are_texts_as_people_write_them() -> None:
    rows: list[list[Any]] = [
        ["ФИО", "Дата рождения", "Класс"],
        ["Ким", date(2007, 5, 17), 7],
        ["Ли", datetime(2007, 5, 17, 10, 30), 7.5],
        ["Пак", 39219, True],
        ["  Цой  ", "17.05.2007", 8.0],
    ]
    assert [row.texts for row in read(xlsx_file(rows))] == [
        ("Ким", "2007-05-17", "7"),
        ("Ли", "2007-05-17 10:30:00", "7.5"),
        ("Пак", "39219", "true"),
        ("Цой", "17.05.2007", "8"),
    ]


def test_a_cell_of_several_lines_is_one_text() -> None:
    rows = [["ФИО", "Дата\nрождения", "Класс"], ["Ёлкина\nАнна _x000D_\n", "17.05.2007", "7\xa0«А»"]]
    assert values(xlsx_file(rows)) == [{"name": "Ёлкина Анна", "birth_date": "17.05.2007", "class": "7 «А»"}]


def test_a_workbook_may_count_its_days_from_1904() -> None:
    file = xlsx_file(CLASS_LIST)
    parts = {
        "xl/workbook.xml": part_of(file, "xl/workbook.xml").replace(b"<workbookPr", b'<workbookPr date1904="1"', 1)
    }
    with opened(io.BytesIO(with_parts(file, parts)), COLUMNS) as table:
        assert day("37757", table.days_from) == date(2007, 5, 17)


def test_merged_cells_mean_all_of_them() -> None:
    rows: list[list[Any]] = [
        ["Список школы", None, None],
        ["Класс", "ФИО", "Дата рождения"],
        ["", "", ""],
        ["7А", "Ким", "1"],
        [None, "Ли", "2"],
        ["7Б", "Пак", "3"],
        [None, "Цой", "4"],
        [None, "Тен", "5"],
    ]

    def merge(sheet: Any) -> None:
        for cells in ("A1:C1", "A2:A3", "B2:B3", "C2:C3", "A4:A5", "A6:A7"):
            sheet.merge_cells(cells)

    found = read(xlsx_file(rows, merge))
    assert [(row.line, row.texts[0], row.texts[1]) for row in found] == [
        (4, "7А", "Ким"),
        (5, "7А", "Ли"),
        (6, "7Б", "Пак"),
        (7, "7Б", "Цой"),
        (8, "", "Тен"),
    ]


def test_ranges_that_share_cells_are_not_filled_over_and_over() -> None:
    file = xlsx_file(CLASS_LIST)
    over = b"<mergeCells>" + b'<mergeCell ref="A2:GR9999"/>' * 2 + b"</mergeCells></worksheet>"
    sheet = part_of(file, SHEET).replace(b"</worksheet>", over)
    assert refusal(with_parts(file, {SHEET: sheet})) == "has merged cells that overlap"


def test_the_first_sheet_that_is_shown_is_read() -> None:
    def hide(sheet: Any) -> None:
        sheet.sheet_state = "hidden"
        shown = sheet.parent.create_sheet("Класс")
        for row in CLASS_LIST:
            shown.append(row)

    assert values(xlsx_file([["Списки"], ["да"]], hide)) == EXPECTED


def sheets(*more: list[list[str]]) -> Any:
    """Adds sheets with these rows."""

    def change(sheet: Any) -> None:
        for rows in more:
            added = sheet.parent.create_sheet()
            for row in rows:
                added.append(row)

    return change


def test_a_list_is_found_behind_sheets_without_one() -> None:
    only_titles = [CLASS_LIST[0]]
    assert values(xlsx_file([["Как заполнять"]], sheets(CLASS_LIST, only_titles))) == EXPECTED
    assert values(xlsx_file(CLASS_LIST, sheets([["Справочник"], ["да", "нет"]], []))) == EXPECTED
    assert refusal(xlsx_file([["Как заполнять"]], sheets([["да"]]))).startswith(
        "no line at the begin names its columns"
    )


def test_a_workbook_with_a_sheet_for_each_class_is_refused_rather_than_read_in_part() -> None:
    told = "has a list on each of the sheets 1, 3, counted from the left: send each as a file of its own, or hide "
    assert refusal(xlsx_file(CLASS_LIST, sheets([["-"]], CLASS_LIST))) == f"{told}those that are not meant"
    assert refusal(xlsx_file(CLASS_LIST, sheets(*[CLASS_LIST] * 100))).startswith("is a workbook with more than 100")


def test_a_wrong_dimension_does_not_matter() -> None:
    file = xlsx_file(CLASS_LIST)
    sheet = part_of(file, SHEET).replace(b'ref="A1:D3"', b'ref="A1:XFD1048576"')
    assert b"XFD1048576" in sheet
    assert values(with_parts(file, {SHEET: sheet})) == EXPECTED


def test_a_row_far_below_ends_the_reading() -> None:
    file = xlsx_file(CLASS_LIST)
    sheet = part_of(file, SHEET).replace(
        b"</sheetData>", b'<row r="99999999999"><c r="A1"><v>1</v></c></row></sheetData>'
    )
    assert refusal(with_parts(file, {SHEET: sheet})) == "has more than 1048576 rows"


def test_entities_are_refused() -> None:
    file = with_shared_strings(xlsx_file(CLASS_LIST))
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    for part in (SHEET, STRINGS, "xl/workbook.xml"):
        text = part_of(file, part)
        head, mark, rest = text.partition(b"<sst" if part == STRINGS else b"<workb" if "book" in part else b"<works")
        assert refusal(with_parts(file, {part: head + bomb + mark + rest})).startswith("is a workbook with entities")


@pytest.mark.parametrize(
    ("part", "size"), [(STRINGS, 97), ("xl/styles.xml", 5), ("xl/workbook.xml", 5), ("docProps/app.xml", 5)]
)
def test_a_bomb_is_refused_before_it_is_unpacked(part: str, size: int) -> None:
    file = with_parts(xlsx_file(CLASS_LIST), {part: bytes(size * 1024 * 1024)})
    assert len(file) < 200_000  # of what would be a hundred million
    assert "once unpacked" in refusal(file)


def test_an_archive_of_something_else_is_told() -> None:
    document = with_parts(xlsx_file([]), {}).replace(b"xl/", b"ab/")
    assert refusal(document) == "is an archive or a document of another kind, not a workbook (XLSX)"
    assert refusal(xlsx_file(CLASS_LIST)[:900]).startswith("is no workbook, or a broken one")


@pytest.mark.parametrize(
    "text",
    [
        *("17.05.2007", "17.5.2007", "17/05/2007 г.", "2007-05-17", "17 мая 2007 года", "39219", "2007-05-17 00:00:00"),
        *("17.05.2007 0:00:00", "17.05.2007 00:00", "2007-05-17T00:00:00Z", "17,05,2007", "17. 05. 2007", "17–05–2007"),
        *("17.05.2007 г.р.", "17.05.2007 г. р.", "17.05.2007 года рождения", "17.05.2007.", "39219,0"),
        *("«17» мая 2007 г.", '"17" мая 2007', "17 май 2007", "17-май-2007", "17.мая.2007", "17\xa0мая\xa02007г."),
    ],
)
def test_a_day_is_read_however_it_is_written(text: str) -> None:
    assert day(text) == date(2007, 5, 17)


@pytest.mark.parametrize("month", ["сентября", "сентябрь", "сент.", "сен", "СЕНТ"])
def test_a_month_is_one_however_much_of_it_is_written(month: str) -> None:
    assert day(f"1 {month} 2007") == date(2007, 9, 1)
    assert [day(f"1 {name} 2007").month for name in ("мар", "май", "июня", "июль", "нояб.", "дек")] == [
        3,
        5,
        6,
        7,
        11,
        12,
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("17.05.07", "a year of two digits"),
        ("17 мая 07 г.", "a year of two digits"),
        ("########", "make the column wider"),
        ("31.02.2007", "is no day of the calendar"),
        ("17 мартабря 2007", "must be a day"),
    ],
)
def test_what_is_wrong_with_a_day_is_told(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        day(text)


@pytest.mark.parametrize("text", ["", "17.05.07", "31.02.2007", "05/17/2007", "мая 2007", "2007", "17.05.2007 10:30"])
def test_what_may_be_another_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="day"):
        day(text, EXCEL_DAYS)


def test_numbers_and_yes_and_no() -> None:
    assert [whole(text) for text in ("7", "7.0", "1 250", "1\xa0250")] == [7, 7, 1250, 1250]
    assert [yes(text) for text in ("Да", "+", "1", "нет", "", "—")] == [True, True, True, False, False, False]
    for read_as, wrong in ((whole, "7.5"), (whole, "семь"), (yes, "может быть")):
        with pytest.raises(ValueError, match="must be"):
            read_as(wrong)
