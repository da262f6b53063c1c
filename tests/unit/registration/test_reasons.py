"""Reasons of refusals in the words of a school's secretary: in Russian with the column's title, or in English."""

import io
import json

import pytest

from services.registration.domain.import_columns import title_of
from services.registration.domain.import_lines import LineReader
from services.registration.texts.reasons import in_words, told
from shared.base.errors import BadInput
from shared.base.wording import Worded, phrase, restored, stored, worded
from shared.tables.columns import Columns
from shared.tables.files import opened
from shared.tables.table import EXCEL_DAYS

NESTED = worded("{fault}, at line {line}", fault=phrase("is empty"), line=3)


def refusal(changed: dict[str, str]) -> BadInput:
    row = {"external_ref": "1", "name": "Ким Пётр", "birth_date": "17.05.2007", "class": "7А", **changed}
    values = {name: text for name, text in row.items() if text}
    found = LineReader("S1", None, EXCEL_DAYS).line(5, values).entry("+03:00")
    assert isinstance(found, BadInput)
    return found


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": ""}, "не заполнено"),
        ({"birth_date": "17.05.07"}, "год из двух цифр: напишите все четыре, например 17.05.2007"),
        ({"class": "А7"}, "класс начинается с числа от 1 до 11, например «7А»"),
        ({"grade": "12"}, "нужно число от 1 до 11"),
        ({"disability": "кажется"}, "напишите «да» или «нет»"),
        ({"name": "К" * 201}, "не больше 200 знаков"),
        ({"name": "Ким\x00"}, "в ячейке служебный знак U+0000, которого не видно: наберите текст заново"),
        ({"external_ref": "112-233-445 95"}, "это СНИЛС: нужен номер, который дала школа, например личного дела"),
        ({"guardian": "Дом", "guardian_ref": "g", "guardian_inn": "12345678901"}, "нужно десять цифр"),
        (
            {"consent_version": "1", "consent_day": "01.01.1999", "consent_channel": "бумага"},
            "год должен быть от 2000 до 2100",
        ),
        ({"diagnostics": "10000000"}, "нужно число от 0 до 1000"),
    ],
)
def test_a_secretary_reads_why_a_line_was_refused(changed: dict[str, str], said: str) -> None:
    (error,) = refusal(changed).errors
    assert in_words(error.detail, "ru") == said
    assert in_words(error.detail, "en") == error.detail


def test_a_sentence_is_the_same_after_it_was_stored() -> None:
    kept = restored(json.loads(json.dumps(stored(NESTED))))
    assert (str(kept), in_words(kept, "ru")) == ("is empty, at line 3", "файл пуст; около строки 3")
    assert restored(stored("is missing")) == "is missing"
    assert not isinstance(restored(stored("is missing")), Worded)


def test_a_sentence_that_has_no_russian_words_stays_as_it_is() -> None:
    assert in_words(worded("knows {nobody}", nobody="Nemo"), "ru") == "knows Nemo"


def test_what_a_cell_or_a_title_says_is_never_taken_for_a_sentence() -> None:
    hostile = worded(
        "{title}: is the error {error} of a formula: write the value instead", title="{0}", error="is empty"
    )
    assert in_words(hostile, "ru") == "{0}: вместо значения ошибка формулы is empty: напишите само значение"


def test_reasons_stand_behind_the_titles_of_their_columns() -> None:
    both = [("Дата", "is missing"), ("", worded("line {line} of the same school is wrong", line=4))]
    assert told(both, "ru") == "Дата: не заполнено; у этой же школы ошибка в строке 4"
    assert told(both, "en") == "Дата: is missing; line 4 of the same school is wrong"


@pytest.mark.parametrize(
    ("name", "titles"),
    [("external_ref", ("Ключ", "external_ref")), ("season", ("Сезон", "season")), ("", ("", ""))],
)
def test_a_column_that_a_file_does_not_have_is_named_all_the_same(name: str, titles: tuple[str, str]) -> None:
    assert (title_of(name, "ru"), title_of(name, "en")) == titles


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (b"%PDF-1.7", "нужен файл CSV или XLSX, а это документ PDF"),
        (b"", "файл пуст"),
        ("Имя;Возраст".encode(), "в начале файла нет строки с названиями столбцов: ФИО"),
        ('ФИО;Класс\r\n"Ким;7А'.encode(), "строка 2: кавычка открыта и не закрыта"),
    ],
)
def test_a_secretary_reads_why_a_file_was_refused(file: bytes, said: str) -> None:
    columns = Columns({"name": ["ФИО"], "class": ["Класс"]}, [["name"]])
    with pytest.raises(BadInput) as refused, opened(io.BytesIO(file), columns) as table:
        list(table.rows)
    assert in_words(refused.value.errors[0].detail, "ru") == said
