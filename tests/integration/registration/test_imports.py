"""Files of classes over HTTP, on real Kafka and MongoDB: entered line by line, once, whatever a school's habits are."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest_asyncio

from deploy.local.stack import Infrastructure
from shared.contracts.terms import SeasonRevised
from tests.builders.events import at, enveloped, season
from tests.builders.registration import SCHOOL, pupil, roster
from tests.builders.tables import csv_file, with_parts, xlsx_file
from tests.drivers.consumers import eventually, publish
from tests.drivers.imports import CSV, TITLES, XLSX, Sender, counted
from tests.drivers.registration import NATIONAL, NAVIGATOR, REGIONAL, Registration, registration

OTHER = "RU-ROS-001-S02"
HERE = {"school": SCHOOL.id}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Registration]:
    async with registration(infrastructure) as service:
        yield service


@pytest_asyncio.fixture(loop_scope="session")
async def staff(running: Registration) -> Sender:
    return Sender(running)


def lines(prefix: str, count: int, school_class: str = "7А") -> list[list[str]]:
    return [[f"{prefix}{n}", f"Ким {prefix} Пётр {n}", "17.05.2007", school_class] for n in range(count)]


async def test_a_file_enters_its_pupils_and_the_same_again_creates_nothing(staff: Sender) -> None:
    file = csv_file([TITLES, *lines("a", 30), *lines("b", 30, "8 «б»")], "cp1251")
    status, sent = await staff.send(file, **HERE)
    assert (status, sent["state"], sent["lines"]) == (202, "waiting", 0)
    done = await staff.ended(sent["id"])
    assert (done["state"], counted(done), done["problem"]) == ("done", (60, 60, 0, 0, 0, 0), None)
    before = await staff.running.documents()
    assert counted(await staff.over(file, **HERE)) == (60, 0, 60, 0, 0, 0)
    assert await staff.running.documents() == before | {"imports": before["imports"] + 1}
    assert before["import_pieces"] == 0
    told = await staff.running.published("registration.events.v1")
    entered = [e for e in told if e.event.type == "participant.registered.v1"]
    assert len({e.subject for e in entered}) == len(entered) >= 60


async def test_a_dry_run_judges_and_enters_nothing(staff: Sender) -> None:
    before = await staff.running.documents()
    file = csv_file([TITLES, *lines("dry", 3), ["dry9", "Ким", "вчера", "7А"]])
    done = await staff.over(file, dry_run="true", **HERE)
    assert (done["dry_run"], counted(done)) == (True, (4, 3, 0, 0, 0, 1))
    after = await staff.running.documents()
    assert after == before | {name: before[name] + 1 for name in ("imports", "import_refused")}


async def test_a_line_that_is_wrong_says_what_is_wrong_where(staff: Sender) -> None:
    rows = [
        ["Класс", "Ключ", "ФИО", "Дата рождения", "Телефон"],
        ["7А", "w1", "Ёлкина Анна", "17.05.07", "+7 928 123-45-67"],
        ["7А", "w2", "", "17.05.2007", "1"],
        ["А7", "w3", "Ким Пётр w3", "17.05.2007", "1"],
        ["7А", "w4", "=Ким Пётр w4", "17.05.1907", "1"],
        ["7А", "w5", "Ким Пётр w5", "17.05.2007", "1"],
        ["7А", "w5", "Ким Пётр w5", "17.05.2007", "1"],
    ]
    done = await staff.over(csv_file(rows), **HERE)
    assert (done["state"], counted(done), done["ignored_columns"]) == ("done", (6, 1, 0, 0, 0, 5), ["E"])
    header, *told = await staff.refused(done["id"])
    assert header == "Строка;Столбец;Причина;Тип;Класс;Ключ;ФИО;Дата рождения"
    assert [line.split(";")[:3] for line in told] == [
        ["2", "Дата рождения", "Дата рождения: год из двух цифр: напишите все четыре, например 17.05.2007"],
        ["3", "ФИО", "ФИО: не заполнено"],
        ["4", "Класс", "Класс: класс начинается с числа от 1 до 11, например «7А»"],
        ["5", "Дата рождения", "Дата рождения: по этой дате ученику не от 6 до 20 лет"],
        ["7", "Ключ", "Ключ: этот ученик уже есть в списке: строка 6"],
    ]
    english, *said = await staff.refused(done["id"], "en-GB,ru;q=0.5")
    assert english.startswith("Line;Column;Reason;Type;Класс;")
    assert [line.split(";")[2] for line in said[3:]] == [
        "Дата рождения: must give an age from 6 to 20",
        "Ключ: is listed already, in line 6",
    ]
    assert told[3].split(";")[4:] == ["7А", "w4", "'=Ким Пётр w4", "17.05.1907"]
    mended = "\r\n".join([header, *told]).replace("17.05.07", "17.05.2007").encode()
    assert counted(await staff.over(mended, **HERE))[:3] == (5, 1, 1)


async def test_a_form_is_entered_without_its_empty_lines_and_its_sums(staff: Sender) -> None:
    rows = [["№", *TITLES], ["1", *lines("f", 1)[0]], ["2", "", "", "", ""], ["3", "", "", "", "7А"], ["Итого:", "1"]]
    for dry_run in ("true", "false"):
        assert counted(await staff.over(csv_file(rows), dry_run=dry_run, **HERE)) == (1, 1, 0, 0, 0, 0)
    nobody = csv_file([["№", *TITLES], ["1"], ["2"]])
    assert counted(await staff.over(nobody, **HERE)) == (0, 0, 0, 0, 0, 0)


async def test_a_workbook_is_entered_with_merged_classes_and_excel_s_days(staff: Sender) -> None:
    rows: list[list[Any]] = [
        ["Список школы", None, None, None],
        ["Класс", "Ф.И.О. обучающегося", "Дата рождения", "Ключ"],
        ["7А", "О'Нил-Ёлкина  Анна", date(2007, 5, 17), "x1"],
        [None, "Ли Вера", 39219, "x2"],
        [None, "Пак Юн Со", "17 мая 2007 г.", 3],
    ]

    def merge(sheet: Any) -> None:
        sheet.merge_cells("A1:D1")
        sheet.merge_cells("A3:A5")

    done = await staff.over(xlsx_file(rows, merge), XLSX, **HERE)
    assert (done["state"], counted(done)) == ("done", (3, 3, 0, 0, 0, 0))
    pupils = await staff.running.mongo["participants"].find({"external_ref": {"$in": ["x1", "x2", "3"]}}).to_list(None)
    assert {(row["place"]["school_class"], row["place"]["grade"]) for row in pupils} == {("7А", 7)}


async def test_a_file_without_keys_knows_its_children_by_name_and_day(staff: Sender) -> None:
    keyless = [
        ["Фамилия", "Имя", "Отчество", "Дата рождения", "Параллель", "Литера", "Мать", "ОВЗ"],
        ["Безключева", "Алёна", "", "01.02.2008", "7", "В", "Безключева Ольга", "нет"],
        ["Безключев", "Артём", "Ильич", "01.02.2008", "7", "В", "Безключева Ольга", "да"],
    ]
    assert counted(await staff.over(csv_file(keyless), **HERE)) == (2, 2, 0, 0, 0, 0)
    again = [[cell.replace("ё", "е").upper() if at < 3 else cell for at, cell in enumerate(row)] for row in keyless]
    again[0] = keyless[0]
    before = await staff.running.documents()
    assert counted(await staff.over(csv_file(again), **HERE)) == (2, 0, 2, 0, 0, 0), "capitals correct nothing"
    after = await staff.running.documents()
    assert [after[name] for name in ("participants", "guardians")] == [before[n] for n in ("participants", "guardians")]
    await staff.running.enter(pupil("known-key", name="Соключом Иван", birth_date="2007-05-17"))
    known = [["ФИО", "Дата рождения", "Класс"], ["СОКЛЮЧОМ  Иван", "17.05.2007", "7А"]]
    assert counted(await staff.over(csv_file(known), **HERE))[:3] == (1, 0, 1)


async def test_a_file_of_a_region_names_its_schools_and_is_judged_class_by_class(running: Registration) -> None:
    region = Sender(running, [REGIONAL], "region")
    rows = [["Код школы", *TITLES]]
    for school in (SCHOOL.id, OTHER, "RU-ROS-001-S99", "RU-ROS-001", "?"):
        rows += [[school, f"r{school}", f"Ким из {school}", "17.05.2007", "9А"]]
    done = await region.over(csv_file(rows))
    assert (done["school"], counted(done)) == (None, (5, 2, 0, 0, 0, 3))
    told = [line.split(";")[:4] for line in (await region.refused(done["id"]))[1:]]
    assert [(line, column, slug) for line, column, _, slug in told] == [
        ("4", "Код школы", "school-unknown"),
        ("5", "Код школы", "bad-input"),
        ("6", "Код школы", "bad-input"),
    ]
    status, refused = await Sender(running).send(csv_file(rows), school=OTHER)
    assert (status, refused["type"]) == (403, "forbidden")
    done = await Sender(running).over(csv_file(rows))
    assert counted(done) == (5, 0, 1, 0, 0, 4)


async def test_who_has_sent_it_sees_it_and_who_speaks_for_the_school(running: Registration) -> None:
    narrowed = Sender(running, [{**NAVIGATOR, "classes": ["7А"]}], "teacher")
    done = await narrowed.over(csv_file([TITLES, *lines("v", 1), *lines("v7Б", 1, "7Б")]), **HERE)
    assert counted(done) == (2, 1, 0, 0, 0, 1)
    for sender, status in (
        (narrowed, 200),
        (Sender(running), 200),
        (Sender(running, [REGIONAL]), 200),
        (Sender(running, [NATIONAL]), 200),
        (Sender(running, narrowed.grants, "another teacher"), 404),
        (Sender(running, [{**NAVIGATOR, "org": OTHER}]), 404),
    ):
        assert (await sender.show(done["id"]))[0] == status


async def test_a_file_of_another_kind_is_refused(staff: Sender) -> None:
    for file, kind, expected in (
        (b"%PDF-1.7 ...", CSV, (422, "bad-input")),
        (xlsx_file([TITLES]), CSV, (415, "unsupported-media-type")),
        (b"a;b", XLSX, (415, "unsupported-media-type")),
        (b"{}", "application/json", (415, "unsupported-media-type")),
        (b"", CSV, (422, "bad-input")),
    ):
        status, answer = await staff.send(file, kind, **HERE)
        assert (status, answer["type"]) == expected
    assert await staff.running.mongo["import_pieces"].count_documents({}) == 0
    done = await staff.over(csv_file([["Имя", "Возраст"], ["Анна", "12"]]), **HERE)
    assert (done["state"], done["problem"]["detail"]) == (
        "refused",
        "line 1 names columns, but not ФИО / Фамилия, Дата рождения, Класс / Класс (без буквы)",
    )
    assert done["reason"] == (
        "в строке 1 есть названия столбцов, но нет нужных: ФИО / Фамилия, Дата рождения, Класс / Класс (без буквы)"
    )
    status, answer = await staff.send(csv_file([TITLES]), **{"class": "7А"})
    assert (status, answer["errors"][0]["pointer"]) == (422, "query:school")


async def test_a_workbook_that_swells_is_refused_before_it_is_unpacked(staff: Sender) -> None:
    file = with_parts(xlsx_file([TITLES]), {"xl/worksheets/sheet1.xml": bytes(33 * 1024 * 1024)})
    done = await staff.over(file, XLSX, **HERE)
    assert done["state"] == "refused"
    assert done["problem"]["detail"] == "is a workbook with a part of more than 32 MiB once unpacked"


async def test_after_the_last_day_of_registration_an_operator_enters_whom_a_school_cannot(staff: Sender) -> None:
    running, code = staff.running, "late-2020"
    await running.learn(season(code))
    last = SeasonRevised(season=code, since=date(2020, 8, 1), deadlines={"registration": date(2020, 9, 30)})
    await publish(running.settings, enveloped(last, 2, at("2020-08-01")))

    async def known() -> bool:
        return await running.mongo["rules"].count_documents({"_id": code, "terms": {"$exists": True}}) == 1

    await eventually(known)
    late = {**HERE, "season": code, "occurred_at": "2020-10-01T10:00:00+03:00"}
    file = csv_file([TITLES, *lines("late", 2)])
    status, refused = await staff.send(file, **late)
    assert (status, refused["type"]) == (409, "deadline-over")
    status, refused = await running.call("POST", "/rosters", roster([pupil("x")], **late), grants=[NAVIGATOR])
    assert (status, refused["type"]) == (409, "deadline-over")
    assert (await staff.send(file, **late, exception="late-papers"))[0] == 422
    operator = Sender(running, (REGIONAL,), "operator")
    assert counted(await operator.over(file, **late, exception="late-papers"))[:2] == (2, 2)
    told = [e.event for e in await running.published("registration.events.v1")]
    assert {getattr(event, "exception", "") for event in told if getattr(event, "season", "") == code} == {
        "late-papers"
    }
