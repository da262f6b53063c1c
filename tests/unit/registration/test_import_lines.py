"""Rows of files as lines of rosters: however a school writes a class, a name or a day."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.registration.domain.import_columns import TITLES, WORDS, columns_of
from services.registration.domain.import_lines import Line, LineReader, names_nobody
from services.registration.domain.roster_entries import PupilEntry
from shared.base.errors import BadInput
from shared.tables.table import EXCEL_DAYS

PAGE = Path("services/registration/imports.md")
ROW = {"external_ref": "1", "name": "Ким Пётр", "birth_date": "17.05.2007", "class": "7А"}


def line(changed: dict[str, str] | None = None, school: str | None = "S1", school_class: str | None = None) -> Line:
    values = {name: text for name, text in {**ROW, **(changed or {})}.items() if text}
    return LineReader(school, school_class, EXCEL_DAYS).line(5, values)


def entry(changed: dict[str, str] | None = None, **of: Any) -> PupilEntry:
    found = line(changed, **of).entry("+03:00")
    assert isinstance(found, PupilEntry), found
    return found


def faults(changed: dict[str, str], **of: Any) -> list[str]:
    found = line(changed, **of).entry("+03:00")
    assert isinstance(found, BadInput)
    return [error.pointer.removeprefix("line 5/") for error in found.errors]


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"class": "7 «а»"},
        {"class": "7 а класс"},
        {"class": "7", "letter": "А"},
        {"class": "", "grade": "7", "letter": "а"},
        {"class": "7А", "letter": "А"},
    ],
)
def test_a_class_is_one_however_it_is_written(changed: dict[str, str]) -> None:
    assert (line(changed).school_class, entry(changed).grade) == ("7А", 7)


def test_a_name_may_stand_in_three_cells_and_lack_the_patronymic() -> None:
    whole = entry({"name": "О'Нил-Ёлкина   Анна\xa0Сергеевна"})
    parts = {"name": "", "last_name": " О'Нил-Ёлкина", "first_name": "Анна ", "patronymic": "Сергеевна"}
    assert entry(parts).name == whole.name == "О'Нил-Ёлкина Анна Сергеевна"
    assert entry({**parts, "patronymic": ""}).name == "О'Нил-Ёлкина Анна"


@pytest.mark.parametrize("name", ["Ким Пётр -", "Ким Пётр —", "Ким  Пётр - -"])
def test_a_dash_instead_of_a_patronymic_is_no_part_of_a_name(name: str) -> None:
    assert entry({"name": name}).name == "Ким Пётр"
    assert entry({"name": "Ким-Ли Пётр - Павел"}).name == "Ким-Ли Пётр - Павел"


def test_a_consent_is_of_a_day_on_the_region_s_clock() -> None:
    told = {"consent_version": "1", "consent_day": "01.09.2020", "consent_channel": "На  бумаге"}
    consent = entry({**told, "guardian": "Ким Анна", "guardian_ref": "g"}).consent
    assert consent is not None
    assert (consent.given_at.isoformat(), consent.channel) == ("2020-09-01T00:00:00+03:00", "paper")


def details(changed: dict[str, str], **of: Any) -> list[str]:
    found = line(changed, **of).entry("+03:00")
    assert isinstance(found, BadInput)
    return [f"{error.pointer.removeprefix('line 5/')}: {error.detail}" for error in found.errors]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": ""}, ["name: is missing"]),
        ({"class": "А7"}, ["class: must begin with a grade from 1 to 11, as «7А»"]),
        ({"class": "12А"}, ["class: must begin with a grade from 1 to 11, as «7А»"]),
        ({"class": "2020-02-07"}, ["class: was taken for a day by the spreadsheet: write it as a text, as «7А»"]),
        ({"name": "Ким Пётр 8 928 123-45-67"}, ["name: holds a phone, an address or another number beside the name"]),
        ({"name": "7"}, ["name: holds no letter, so that it is no name"]),
        ({"external_ref": "112-233-445 95"}, ["external_ref: is a СНИЛС: send a key of the school's own"]),
        ({"external_ref": "+7 (928) 123-45-67"}, ["external_ref: is a phone: send a key of the school's own"]),
        (
            {"consent_version": "1", "consent_day": "1.9.2020", "consent_channel": "голубем"},
            ["consent/channel: must be бумага, госуслуги or кабинет"],
        ),
        ({"grade": "12"}, ["grade: must be from 1 to 11"]),
    ],
)
def test_a_fault_is_told_once_and_in_plain_words(changed: dict[str, str], said: list[str]) -> None:
    assert details(changed) == said


def test_a_pupil_who_is_of_age_gives_the_consent_and_an_organisation_has_its_numbers() -> None:
    told = {"consent_version": "1", "consent_day": "01.09.2020", "consent_channel": "Бумажный носитель"}
    consent = entry({**told, "consent_by": "Ученик"}).consent
    assert consent is not None
    assert consent.by_pupil
    assert details({**told, "consent_by": "сосед"}) == [
        "consent/by_pupil: must be родитель, who is the first one on the line, or ученик"
    ]
    home = {"guardian": "Детский дом № 3", "guardian_inn": "6164200000"}
    told_of = entry(home).guardian
    assert told_of is not None
    assert (told_of.kind, told_of.inn, told_of.ref) == ("organisation", "6164200000", "org-6164200000")
    assert entry({**home, "guardian_ref": "g3"}).guardian.ref == "g3"  # type: ignore[union-attr]
    assert faults({**home, "guardian_inn": "6164200008"}) == ["guardian/inn"]


@pytest.mark.parametrize(
    ("texts", "values", "nobody"),
    [
        (["26", "", ""], {}, True),
        (["26", "", "7А"], {"class": "7А"}, True),
        (["Итого: 25"], {"name": "Итого: 25"}, True),
        (["", "ВСЕГО по школе", "7"], {"name": "ВСЕГО по школе", "class": "7"}, True),
        (["Всегоев Итого", "1"], {"name": "Всегоев Итого"}, False),
        (["Итого Пётр", "1"], {"name": "Итого Пётр", "birth_date": "1"}, False),
        (["", "17.05.2007"], {"birth_date": "17.05.2007"}, False),
        (["Иванова"], {"guardian": "Иванова"}, False),
    ],
)
def test_an_empty_line_of_a_form_and_one_of_sums_name_nobody(
    texts: list[str], values: dict[str, str], nobody: bool
) -> None:
    assert names_nobody(texts, values) is nobody


@pytest.mark.parametrize("text", ["ОВЗ", "Инвалид", "ребёнок-инвалид", "Да.", "имеется", "✓", "1,0"])
def test_who_is_impaired_is_told_in_several_words(text: str) -> None:
    assert entry({"disability": text}).disability


def test_flags_and_guardians_are_read() -> None:
    told = {"guardian": "Ким Анна", "guardian_ref": "a", "second_guardian": "Ким Олег", "second_guardian_ref": "b"}
    read = entry({**told, "invalid": "+", "disability": "нет", "namesake": "да"})
    assert (read.disability, read.namesake, [one.ref for one in read.named]) == (True, True, ["a", "b"])


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"birth_date": "17.05.07"}, ["birth_date"]),
        ({"birth_date": ""}, ["birth_date"]),
        ({"name": "", "last_name": ""}, ["name"]),
        ({"disability": "кажется"}, ["disability"]),
        ({"external_ref": ""}, ["external_ref"]),
        ({"consent_version": "1", "consent_day": "вчера", "consent_channel": "paper"}, ["consent/given_at"]),
        ({"consent_version": "1"}, ["consent/given_at", "consent/channel"]),
        ({"consent_day": "01.09.2020", "consent_channel": "голубем"}, ["consent/channel"]),
        ({"grade": "семь"}, ["grade"]),
        ({"name": "Ким\x00"}, ["name"]),
    ],
)
def test_a_fault_names_its_column(changed: dict[str, str], named: list[str]) -> None:
    assert faults(changed) == named
    assert {WORDS.get(word, word) for word in named} <= TITLES.keys()


def test_a_line_of_another_school_or_class_than_the_request_s_is_a_fault() -> None:
    assert faults({"school": "S2"}) == ["school"]
    assert faults({}, school_class="7Б") == ["class"]
    assert entry({"school": "S1", "class": "7-а"}, school_class="7А").grade == 7
    assert {fault.pointer for fault in line({"class": ""}, school=None).faults} == {"line 5/school", "line 5/class"}


def test_excel_s_number_of_a_day_is_the_day() -> None:
    assert entry({"birth_date": "39219"}).birth_date == date(2007, 5, 17)


def test_what_the_request_says_needs_no_column() -> None:
    titles = ["ФИО", "Дата рождения"]
    assert columns_of(True, True).found(titles).missing == []
    assert columns_of(False, False).found(titles).missing == ["Код школы / Школа", "Класс / Класс (без буквы)"]


def test_the_page_lists_every_title() -> None:
    page = PAGE.read_text(encoding="utf-8")
    rows = {row.split("|")[1].strip(" `"): row.split("|")[2] for row in page.splitlines() if row.startswith("| `")}
    assert {name: [title.strip() for title in told.split("·")] for name, told in rows.items()} == TITLES
