"""The two sheets of another platform over HTTP, and dry runs of whole files, on real Kafka and MongoDB."""

import io
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest_asyncio

from deploy.local.stack import Infrastructure
from services.registration.importing import ROWS
from tests.builders.registration import SCHOOL
from tests.builders.sheets import SUMMARY, TOTAL
from tests.builders.tables import csv_file, xlsx_file
from tests.drivers.files import file as download
from tests.drivers.imports import CSV, TITLES, XLSX, Sender, counted
from tests.drivers.registration import NATIONAL, NAVIGATOR, REGIONAL, Registration, registration

HERE = {"school": SCHOOL.id}
TOWN, LYCEUM = "Аксайский район", "RU-ROS-001-S03"
OPENING = "Входящий остаток из прежней системы, в показатели не входит"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Registration]:
    async with registration(infrastructure) as service:
        lyceum = {"kind": "school", "name": "Лицей «Ёлочка»", "parent": "RU-ROS-001"}
        assert (await service.define(LYCEUM, **lyceum))[0] == 200
        yield service


@pytest_asyncio.fixture(loop_scope="session")
async def region(running: Registration) -> Sender:
    return Sender(running, [REGIONAL], "region")


async def numbers(running: Registration, rows: Sequence[Sequence[Any]], query: str = "", by: Any = REGIONAL) -> Any:
    url = f"{running.base}/registration/regions/RU-ROS/numbers?year=2020{query}"
    headers = {**running.bearer("region", [by]), "Content-Type": XLSX}
    async with running.http.post(url, data=io.BytesIO(xlsx_file(rows, merge)), headers=headers) as answer:
        return answer.status, await answer.json(content_type=None)


def merge(sheet: Any) -> None:
    sheet.merge_cells("A1:D1")
    if sheet.max_row > 6:
        sheet.merge_cells("A5:A8")
        sheet.merge_cells("B5:B6")


def report(*changed: Any) -> list[list[Any]]:
    return [
        ["Отчёт по форме Минпросвещения", None, None, None],
        [None, None, None, None],
        ["Муниципалитет", "Образовательная организация", "Класс", TOTAL],
        [1, 2, 3, 4],
        [TOWN, 'Лицей "Елочка"', "7А", 25],
        [None, None, 8, 80],
        [None, SCHOOL.id, "9", *changed],
        [None, "Школа", "6", 20],
        ["Итого", None, None, 125],
    ]


async def test_the_report_of_numbers_fills_the_schools_years(running: Registration) -> None:
    before = await running.documents()
    status, tried = await numbers(running, report(30), "&dry_run=true")
    assert (status, await running.documents()) == (200, before)
    status, told = await numbers(running, report(30))
    assert (status, told) == (200, {**tried, "dry_run": False})
    assert [told[name] for name in ("lines", "changed", "known", "refused")] == [4, 2, 0, 1]
    (fault,) = told["faults"]
    assert (fault["line"], fault["column"]) == (8, "Образовательная организация")
    assert fault["detail"].startswith("is the name of 2 schools")
    assert fault["reason"] == "так называются несколько школ (2): напишите код"
    _, page = await running.call("GET", f"/schools/{LYCEUM}/years", grants=[REGIONAL])
    assert page["items"][0]["pupils"] == [
        {"grade": 7, "class": "7А", "total": 25, "disabled": None},
        {"grade": 8, "class": None, "total": 80, "disabled": None},
    ]
    _, again = await numbers(running, report(30))
    assert [again[name] for name in ("changed", "known", "refused")] == [0, 2, 1]
    _, other = await numbers(running, report(31))
    assert [other[name] for name in ("changed", "known", "refused")] == [1, 1, 1]
    _, page = await running.call("GET", f"/schools/{SCHOOL.id}/years", grants=[REGIONAL])
    assert [number["total"] for number in page["items"][0]["pupils"]] == [31]
    before = await running.documents()
    _, wrong = await numbers(running, report("тридцать"))
    assert [(fault["line"], fault["column"]) for fault in wrong["faults"]] == [
        (7, TOTAL),
        (8, "Образовательная организация"),
    ]
    assert await running.documents() == before
    assert (await numbers(running, report(30), by={**REGIONAL, "org": "RU-MOW"}))[0] == 403


async def test_each_sheet_is_told_where_it_belongs(running: Registration, region: Sender) -> None:
    done = await region.over(xlsx_file(report(30)), XLSX)
    assert (done["state"], done["created"]) == ("refused", 0)
    assert done["problem"]["detail"].endswith("send it to `POST /registration/regions/{code}/numbers`")
    assert done["reason"].startswith("это отчёт о численности по классам, а не список учеников")
    status, refused = await numbers(running, summary(1, 0, 0, 0, 0))
    assert (status, refused["errors"][0]["detail"].partition(":")[0]) == (422, "is a list of pupils, one a line")


def summary(*counts: int, archived: str = "Нет") -> list[list[Any]]:
    row = [TOWN, "Прежняя Анна", "17.05.2007", "лицей «Елочка»", 7, "А", "Навигатор Иван", *counts, archived]
    gone = [TOWN, "Ушедший Пётр", "17.05.2007", "лицей «Елочка»", 7, "А", "", 9, 9, 9, 9, 9, "01.02.2020"]
    lost = [TOWN, "Ничей Олег", "17.05.2007", "Школа № 77", 7, "А", "", 1, 0, 0, 0, 0, "Нет"]
    return [["Сводный отчет по ученикам"], [], SUMMARY, row, gone, lost]


async def test_the_summary_enters_pupils_and_keeps_what_was_counted(running: Registration, region: Sender) -> None:
    unsaid = await region.over(xlsx_file(summary(2, 1, 3, 0, 0)), XLSX)
    assert (unsaid["state"], "counted_in=2024" in unsaid["problem"]["detail"]) == ("refused", True)
    tried = await region.over(xlsx_file(summary(2, 1, 3, 0, 0)), XLSX, counted_in="2020", dry_run="true")
    assert await running.mongo["opening_balances"].count_documents({}) == 0
    done = await region.over(xlsx_file(summary(2, 1, 3, 0, 0)), XLSX, counted_in="2020")
    assert counted(done) == counted(tried) == (3, 1, 0, 0, 0, 1)
    assert (done["skipped"], done["ignored_columns"]) == (1, ["G"])
    (_, refused) = await region.refused(done["id"])
    assert refused.split(";")[:2] == ["6", "Образовательная организация"]
    (row,) = await running.mongo["opening_balances"].find({}).to_list(None)
    id, navigator = row["participant"], {**NAVIGATOR, "org": LYCEUM}
    opening = {"year": 2020, "diagnostics": 2, "trials": 1, "excursions": 3, "museums": 0, "master_classes": 0}
    _, shown = await running.call("GET", f"/participants/{id}", grants=[navigator])
    assert (shown["opening_balances"], shown["consent"], shown["name"]) == ([opening], None, "Прежняя Анна")
    told = await running.of(id)
    assert [event.event.type for event in told] == ["participant.registered.v1"]
    _, codes = await running.call("GET", f"/participants/{id}/codes", grants=[navigator])
    await running.redeem(codes["codes"][0]["code"], "own", "pupil")
    _, own = await running.call("GET", f"/participants/{id}", grants=[{"role": "pupil"}], subject="own")
    assert own["opening_balances"] == []
    got = await download(running, f"/schools/{LYCEUM}/summary?year=2020", [navigator])
    ((line,),) = [[row for row in got.rows() if row["Фамилия, имя, отчество"] == "Прежняя Анна"]]
    assert (line[OPENING], line["Диагностик"]) == ("диагностик 2; проб 1; экскурсий 3", 0)
    again = await region.over(xlsx_file(summary(0, 0, 0, 0, 5)), XLSX, counted_in="2020")
    assert counted(again) == (3, 0, 1, 0, 0, 1)
    (row,) = await running.mongo["opening_balances"].find({}).to_list(None)
    assert (row["trials"], row["master_classes"]) == (0, 5)
    status, erased = await running.call("DELETE", f"/participants/{id}", grants=[REGIONAL])
    assert (status, erased["act"]["cleared"][0]["rows"]["opening_balances"]) == (200, 1)
    assert await running.mongo["opening_balances"].count_documents({}) == 0


async def test_an_empty_balance_and_a_year_without_counts_say_nothing(running: Registration, region: Sender) -> None:
    await region.over(xlsx_file(summary(0, 0, 0, 0, 0)), XLSX, counted_in="2020")
    assert await running.mongo["opening_balances"].count_documents({}) == 0
    plain = csv_file([TITLES, ["n1", "Ким Пётр", "17.05.2007", "7А"]])
    refused = await region.over(plain, counted_in="2020", **HERE)
    assert (refused["state"], refused["created"]) == ("refused", 0)
    nation = await Sender(running, [NATIONAL], "nation").over(
        xlsx_file(summary(1, 0, 0, 0, 0)), XLSX, counted_in="2020"
    )
    assert (nation["refused"], nation["skipped"]) == (2, 1)


def whole(prefix: str) -> bytes:
    """A file of two batches, whose second one meets the first: in a pupil, a child, a guardian and a sibling."""
    titles = [*TITLES, "Мать", "Код родителя"]
    mother = f"Мать {prefix}"

    def row(key: str, name: str, school_class: str = "7А", guardian: str = "", ref: str = "") -> list[str]:
        born = "17.05.2005" if "Иной" in name else "17.05.2007"
        return [f"{prefix}{key}", f"{name} {prefix}", born, school_class, guardian, ref and f"{prefix}{ref}"]

    first = [
        row("same", "Повтор Анна"),
        row("child", "Дважды Олег"),
        row("family", "Семья Один", guardian=mother, ref="g"),
        row("moves", "Перешла Вера"),
        *(row(f"f{n}", f"Ряд {n}") for n in range(ROWS - 4)),
    ]
    second = [
        row("same", "Повтор Анна"),
        row("child2", "ДВАЖДЫ Олег"),
        row("family2", "Семья Два", guardian="Совсем Другая", ref="g"),
        row("family3", "Семья Три", guardian=mother, ref="g"),
        row("moves", "Перешла Вера", "7Б"),
        row("same", "Вовсе Иной", "7Б"),
        row("new", "Новый Яков"),
    ]
    return csv_file([titles, *first, *second])


async def test_a_dry_run_of_a_whole_file_tells_what_the_file_will_do(running: Registration) -> None:
    sender = Sender(running)
    before = await running.documents()
    tried = await sender.over(whole("d"), CSV, dry_run="true", **HERE)
    refused = await sender.refused(tried["id"])
    await running.know({}, 0, "import_tried")
    after = await running.documents()
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {
        "imports": 1,
        "import_refused": 3,
    }
    done = await sender.over(whole("d"), CSV, **HERE)
    assert counted(done) == counted(tried) == (ROWS + 7, ROWS + 2, 2, 0, 1, 3)
    assert await sender.refused(done["id"]) == refused
    assert [line.split(";")[3] for line in refused[1:]] == ["child-known", "another-guardian", "another-child"]


async def test_a_dry_run_knows_who_has_no_key_from_earlier_lines_with_and_without_one(running: Registration) -> None:
    first = [
        ["k1", "Ключева Анна", "17.05.2007", "7А", "Ключева Ольга"],
        ["", "Безключев Олег", "17.05.2007", "7А", "Безключева Вера"],
        *([f"k-{n}", f"Ряд к {n}", "17.05.2007", "7А", ""] for n in range(ROWS - 2)),
    ]
    second = [
        ["", "КЛЮЧЕВА  Анна", "17.05.2007", "7А", "Ключев Пётр"],
        ["-", "Безключев Олег", "17.05.2007", "7А", "Безключев Иван"],
        ["k1", "Ключева Анна", "17.05.2007", "7Б", "ключева ольга"],
    ]
    file = csv_file([["Ключ", "ФИО", "Дата рождения", "Класс", "Родитель"], *first, *second])
    sender = Sender(running)
    tried = await sender.over(file, CSV, dry_run="true", **HERE)
    assert counted(tried) == (ROWS + 3, ROWS, 3, 0, 1, 0)
    assert counted(await sender.over(file, CSV, **HERE)) == counted(tried)
