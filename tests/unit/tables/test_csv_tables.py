"""CSV as schools save it: any encoding and delimiter, titles above the header, and a line that says what is wrong."""

import io
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.base.errors import BadInput
from shared.tables.columns import Columns, folded, letter
from shared.tables.files import opened
from shared.tables.table import LONGEST_CELL, MOST_COLUMNS
from tests.builders.tables import CLASS_LIST, COLUMNS, EXPECTED, csv_file, read, refusal, values, xlsx_file


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16", "cp866", "mac_cyrillic", "koi8-r"])
def test_encoding_and_delimiter_are_found(encoding: str, delimiter: str) -> None:
    assert values(csv_file(CLASS_LIST, encoding, delimiter)) == EXPECTED


@pytest.mark.parametrize("encoding", ["utf-8", "cp1251"])
def test_the_first_letter_that_tells_the_encoding_may_come_late(encoding: str) -> None:
    rows = [["name", "birth_date"], *([["Smith", "2007-05-17"]] * 10_000), ["Ёлкин", "2007-05-17"]]
    assert values(csv_file(rows, encoding))[-1]["name"] == "Ёлкин"


def test_a_letter_is_whole_wherever_blocks_end() -> None:
    for before in range(65_500, 65_540):
        file = b"name;birth_date\n" + b"x" * 900 + b"\n"
        file += b"a;1\n" * ((before - len(file)) // 4) + b"a" * ((before - len(file)) % 4) + "Ёж;17.05.2007".encode()
        assert read(file)[-1].texts[0].endswith("Ёж")


def test_titles_above_the_header_and_empty_lines_are_passed_over_and_lines_keep_their_numbers() -> None:
    rows = [["Список класса"], ["", "", ""], ["№", "ФИО", "Дата рождения"], ["1", "Ким", "17.05.2007"], [], ["2", "Ли"]]
    assert [(row.line, row.texts) for row in read(csv_file(rows))] == [
        (4, ("1", "Ким", "17.05.2007")),
        (6, ("2", "Ли")),
    ]


def test_what_stands_in_quotation_marks_is_one_cell() -> None:
    rows = [
        ["ФИО", "Дата рождения"],
        ['Оглы; он же "Малыш"', "17.05.2007"],
        ["О'Нил-Ёлкина\nАнна", "18.05.2007"],
        ["Я", "1"],
    ]
    found = read(csv_file(rows))
    assert [(row.line, row.texts[0]) for row in found] == [(2, rows[1][0]), (3, "О'Нил-Ёлкина Анна"), (5, "Я")]


def test_a_quotation_mark_that_is_never_closed_is_told_by_its_line() -> None:
    lines = ["ФИО;Дата рождения", "Ким;1", '"Ли;2', *["Пак;3"] * 1000]
    assert refusal("\n".join(lines).encode()) == "line 3: a quotation mark is opened and not closed"


def test_a_quotation_mark_that_the_file_s_end_meets_is_told_by_its_line() -> None:
    assert refusal('ФИО;Дата рождения\nКим;1\n"Ли;2\nПак;3\n'.encode()) == (
        "line 3: a quotation mark is opened and not closed"
    )


@pytest.mark.parametrize(
    "lines",
    [
        ('"Ли;17.05.2007;7А', '"Пак";18.05.2007;7А'),
        ('Ли;17.05.2007;"7А', 'Пак;18.05.2007;"7А"'),
        ('Ли;"17.05.2007;7А', 'Пак;"18.05.2007";7А'),
    ],
)
def test_lines_that_two_quotation_marks_join_are_one_fault(lines: tuple[str, str]) -> None:
    file = "\n".join(["ФИО;Дата рождения;Класс", "Ким;1;7А", *lines, "Цой;1;7А"]).encode()
    assert [(row.line, row.fault) for row in read(file)] == [
        (2, ""),
        (3, "a quotation mark is opened here and closed on line 4: all between them is one cell"),
        (5, ""),
    ]


def test_columns_that_nobody_knows_are_told_by_their_places() -> None:
    with opened(io.BytesIO(csv_file([["№", "ФИО", "Дата рождения", "Телефон"], ["1"]])), COLUMNS) as table:
        assert [letter(at) for at in table.columns.unknown] == ["A", "D"]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([["ФИО", "Класс"], ["Ким", "7А"]], "line 1 names columns, but not Дата рождения"),
        ([["Класс"], ["7А"]], "line 1 names columns, but not ФИО / Фамилия, Дата рождения"),
        ([["Ким", "Ли"]], "no line at the begin names its columns: ФИО / Фамилия, Дата рождения"),
        ([["ФИО", "Д.р.", "Дата рождения"]], "line 1 names a column twice: Дата рождения"),
    ],
)
def test_a_header_that_lacks_something_is_refused(rows: Sequence[Sequence[str]], said: str) -> None:
    assert refusal(csv_file(rows)) == said


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (b"", "is empty"),
        (b" \r\n ", "is empty"),
        (b"%PDF-1.7", "is neither CSV nor XLSX, but a PDF document"),
        (b"<html><table>", "is neither CSV nor XLSX, but a page of HTML or XML"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is neither CSV nor XLSX, but an old workbook (XLS)"),
        (b"MZ\x90\x00\x03", "is neither CSV nor XLSX, but no text"),
        (
            "ФИО;Дата рождения\n".encode() + "Ёлкина Анна\n".encode() * 9 + b"\xff\xfe;1\n",
            "holds what is not UTF-8, near line",
        ),
        (b"name;birth_date\n" + b"x" * 500_000, "line 2 has more than 400000 characters"),
    ],
)
def test_a_file_of_another_kind_says_what_it_is(file: bytes, said: str) -> None:
    assert refusal(file).startswith(said)


def test_a_row_that_is_too_wide_or_too_long_is_told_and_stops_no_other() -> None:
    rows = [["ФИО", "Дата рождения"], ["x"] * (MOST_COLUMNS + 1), ["x" * (LONGEST_CELL + 1)], ["Ким", "1"]]
    assert [row.fault for row in read(csv_file(rows))] == [
        "has 201 cells; 200 are the most",
        "has a cell of more than 2000 characters",
        "",
    ]


def test_a_title_is_one_however_it_is_written() -> None:
    assert {folded(title) for title in ("Ф.И.О. ученика", "фио  УЧЕНИКА", "ФИО_ученика", "«ФИО» ученика:")} == {
        "фио ученика"
    }
    latin = str.maketrans("аесорхКМНТ", "aecopxKMHT")
    assert folded("Дата рождения, Класс, Номер".translate(latin)) == "дата рождения класс номер"
    with pytest.raises(ValueError, match="is a title of"):
        Columns({"a": ["Класс"], "b": ["класс."]})


@pytest.mark.parametrize("text", ["-", "—", "––", "______", "...", "нет", "НЕТ", "отсутствует", "н/д", "None", "'-"])
def test_a_cell_that_says_that_there_is_nothing_is_empty(text: str) -> None:
    assert values(csv_file([["ФИО", "Дата рождения", "Класс"], [text, "17.05.2007", text]])) == [
        {"birth_date": "17.05.2007"}
    ]


def test_words_that_say_something_are_kept() -> None:
    said = {"name": "Нетов Иван -", "birth_date": "-1", "class": "7-А"}
    assert values(csv_file([["ФИО", "Дата рождения", "Класс"], list(said.values())])) == [said]


@pytest.mark.parametrize("text", ["#REF!", "#ССЫЛКА!", "#Н/Д", "#имя?", "#N/A"])
def test_the_error_of_a_formula_is_a_fault_where_it_is_read(text: str) -> None:
    rows = [["ФИО", "Дата рождения", "Телефон"], [text, "1", ""], ["Ким", "1", text]]
    assert [row.fault for row in read(csv_file(rows))] == [
        f"ФИО: is the error {text} of a formula: write the value instead",
        "",
    ]


@pytest.mark.parametrize(
    "titles",
    [
        ("Ф.И.О. ученика (полностью)", "Дата рождения (дд.мм.гггг)*", "Класс (с буквой)"),
        ("ФИО, обязательное поле", "Дата рождения (в формате ДД.ММ.ГГГГ)", "Kлacc"),
    ],
)
def test_what_a_form_adds_to_a_title_does_not_matter(titles: tuple[str, ...]) -> None:
    assert values(csv_file([titles, ["Ким", "1", "7А"]])) == [{"name": "Ким", "birth_date": "1", "class": "7А"}]


def test_columns_have_the_letters_of_spreadsheets() -> None:
    assert [letter(at) for at in (0, 25, 26, 51, 52, 701, 702)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]


@given(st.binary(max_size=300), st.sampled_from([b"", b"PK\x03\x04", b"\xff\xfe", "ФИО;Дата рождения\n".encode()]))
def test_anything_is_a_table_or_refused(file: bytes, begin: bytes) -> None:
    assert _outcome(begin + file)


@given(st.integers(0, 4_000), st.binary(min_size=1, max_size=40))
def test_a_damaged_workbook_is_a_table_or_refused(at: int, damage: bytes) -> None:
    file = xlsx_file(CLASS_LIST)
    assert _outcome(file[:at] + damage + file[at + len(damage) :])


def _outcome(file: bytes) -> str:
    """How many rows there are, or why there are none; no other error than a refusal is met."""
    try:
        return str(len(read(file)))
    except BadInput as refused:
        return refused.errors[0].detail
