"""Files with names over HTTP on real Kafka and MongoDB: inside the scope alone, bounded, and on record."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from urllib.parse import quote

import pytest_asyncio

from deploy.local.stack import Infrastructure
from services.trials.domain.presence.passes import OwnCode, Pass
from services.trials.passes import Passes
from tests.builders.events import at, attended, diagnosed, enveloped, revoked
from tests.builders.registration import SCHOOL, pupil
from tests.drivers.consumers import eventually, publish
from tests.drivers.files import File, file, posted
from tests.drivers.registration import NAVIGATOR, OTHER_SCHOOL, REGIONAL, Registration, registration

NAME, BORN = "Фамилия, имя, отчество", "Дата рождения"
OF_7B = {**NAVIGATOR, "classes": ["7Б"]}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Registration]:
    async with registration(infrastructure) as service:
        yield service


async def form(running: Registration, name: str = "7А", by: Any = NAVIGATOR, **asked: str) -> File:
    words = {"season": "2020", "class": name, **asked}
    query = "&".join(f"{word}={quote(text)}" for word, text in words.items())
    return await file(running, f"/schools/{SCHOOL.id}/class-form?{query}", [by])


async def summary(running: Registration, query: str = "?year=2020", by: Any = NAVIGATOR) -> File:
    return await file(running, f"/schools/{SCHOOL.id}/summary{query}", [by])


async def test_a_teacher_gets_the_class_with_names_consents_codes_and_stages(running: Registration) -> None:
    lines = [pupil("f-2", name="=Формула Яна"), pupil("f-1", name="Ёлкин Пётр", consent=None)]
    first, second = await running.enter(*lines)
    assert (await running.redeem(first["link_code"], "mother-f2"))[0] == 200
    id = first["participant"]
    walked = [
        enveloped(diagnosed(id), 1, at("2020-10-01")),
        enveloped(attended(id), 2, at("2020-10-05")),
        enveloped(attended(id, "s2", kind="museum"), 3, at("2020-10-06")),
        enveloped(attended(id, "s3"), 4, at("2020-10-07")),
        enveloped(revoked(id, "s3"), 5, at("2020-10-08")),
    ]
    await publish(running.settings, *walked)
    await running.know({"_id": f"{id}/2020", "revoked": {"$size": 1}}, 1, "steps")
    got = await form(running)
    assert got.status == 200
    assert got.headers["Content-Disposition"].endswith(f"filename*=UTF-8''{quote(f'{SCHOOL.id}-7А-2020.xlsx')}")
    assert got.headers["Cache-Control"] == "no-store"
    rows = got.rows()
    assert [row[NAME] for row in rows] == ["=Формула Яна", "Ёлкин Пётр"]
    told = rows[0]
    assert (told[BORN], told["Согласие"], told["Согласие дано"]) == (
        datetime(2007, 5, 17),
        "есть",
        datetime(2020, 9, 1),
    )
    assert (told["Представителей"], told["Открыли кабинет"], told["Кабинет ученика"]) == (1, 1, "код не использован")
    assert (told["Диагностик"], told["Проб"], told["Других мероприятий"]) == (1, 1, 1)
    assert (told["Зарегистрирован"], told["Участвует"]) == (datetime(2020, 9, 14), datetime(2020, 10, 1))
    assert (told["Первая проба"], told["Рекомендация"]) == (datetime(2020, 10, 5), None)
    assert (rows[1]["Согласие"], rows[1]["Согласие дано"], rows[1]["Участвует"]) == ("нет", None, None)
    codes = {(row["Ученик"], row["Кому код"]): row for row in got.rows(1)}
    assert codes["=Формула Яна", "представителю"]["Состояние"] == "кабинет открыт"
    assert codes["Ёлкин Пётр", "представителю"]["Имя представителя"] == pupil("f-1")["guardian"]["name"]
    assert codes["Ёлкин Пётр", "ученику"]["Действует до"] > datetime(2026, 1, 1)
    texts = str(rows) + str(got.rows(1))
    assert not any(code in texts for code in (first["account_code"], second["link_code"], second["account_code"]))
    for item in (first, second):
        reading = {"participants": item["participant"], "route": "GET /registration/schools/{code}/class-form"}
        await running.know(reading, 1, "audit_log")


async def test_a_class_out_of_scope_is_as_one_that_is_not_there(running: Registration) -> None:
    await running.enter(pupil("f-3"), **{"class": "7Б"})
    read = await running.mongo["audit_log"].count_documents({"route": {"$regex": "class-form"}})
    strangers = [(OTHER_SCHOOL, "7А"), (OF_7B, "7А"), ({**REGIONAL, "org": "RU-AMU"}, "7А"), (NAVIGATOR, "11Я")]
    for by, name in strangers:
        got = await form(running, name, by)
        assert (got.status, got.problem["type"]) == (404, "not-found"), by
    assert (await form(running, season="2019")).status == 404
    assert (await file(running, "/schools/RU-NO/class-form?season=2020&class=7А", [REGIONAL])).status == 404
    assert (await form(running, "7-б", OF_7B)).status == 200
    for query, pointer in (
        ("?season=2020", "query:class"),
        ("?class=7А", "query:season"),
        ("?season=2020&class=Класс", "query:class"),
        ("?season=2020&class=7А&form=1", "query:form"),
    ):
        got = await file(running, f"/schools/{SCHOOL.id}/class-form{query}", [NAVIGATOR])
        assert (got.status, [error["pointer"] for error in got.problem["errors"]]) == (422, [pointer])
    await running.know({"route": {"$regex": "class-form"}}, read + 1, "audit_log")


async def test_a_school_is_summed_up_by_calendar_year(running: Registration) -> None:
    line = pupil("f-4", name="Абрамова Анна", birth_date="2007-03-02")
    (item,) = await running.enter(line, **{"class": "7В"})
    left, mistaken = await running.enter(pupil("f-5"), pupil("f-6", name="Ошибкин Иван"), **{"class": "7В"})
    id = item["participant"]
    walked = [
        enveloped(diagnosed(id), 1, at("2020-10-01")),
        enveloped(diagnosed(id, "interests"), 2, at("2021-01-01")),
        enveloped(attended(id, "s1", kind="partner-trial"), 3, at("2020-10-02")),
        enveloped(attended(id, "s2", kind="excursion"), 4, at("2020-10-03")),
    ]
    await publish(running.settings, *walked)
    await running.know({"_id": f"{id}/2020", "attended": {"$size": 2}}, 1, "steps")
    for gone, reason in ((left, "left"), (mistaken, "mistake")):
        body = {"reason": reason, "occurred_at": "2020-11-02T10:00:00+03:00"}
        path = f"/participants/{gone['participant']}/archive"
        assert (await running.call("POST", path, body, grants=[NAVIGATOR]))[0] == 200
    got = await summary(running)
    assert got.status == 200
    rows = {row[NAME]: row for row in got.rows() if row["Буква"] == "В"}
    assert rows.keys() == {"Абрамова Анна", pupil("f-5")["name"]}
    told = rows["Абрамова Анна"]
    assert (told["Муниципалитет"], told["Школа"], told["Класс"]) == ("Аксайский район", "Школа", 7)
    assert (told["Диагностик"], told["Проб, профессиональных и партнёрских"], told["Экскурсий"]) == (1, 1, 1)
    assert (told["Мастер-классов"], told["Дата архивации"], told[BORN]) == (0, None, datetime(2007, 3, 2))
    assert rows[pupil("f-5")["name"]]["Дата архивации"] == datetime(2020, 11, 2)
    assert {row["Буква"] for row in (await summary(running, by=OF_7B)).rows()} == {"Б"}
    assert (await summary(running, "?year=2019")).rows() == [], "nobody was registered by then"
    (later,) = [row for row in (await summary(running, "?year=2021")).rows() if row[NAME] == "Абрамова Анна"]
    assert (later["Диагностик"], later["Экскурсий"]) == (1, 0)
    reading = {"participants": id, "route": "GET /registration/schools/{code}/summary"}

    async def noted() -> bool:
        return await running.mongo["audit_log"].count_documents(reading) == 2

    await eventually(noted)


async def test_a_summary_of_a_year_to_come_or_of_another_school_is_refused(running: Registration) -> None:
    for query, by, status, pointers in (
        ("?year=2099", NAVIGATOR, 422, ["query:year"]),
        ("?year=1999", NAVIGATOR, 422, ["query:year"]),
        ("", OTHER_SCHOOL, 404, []),
        ("", {"role": "guardian"}, 403, []),
        ("", {**REGIONAL, "org": "RU-AMU"}, 404, []),
    ):
        got = await summary(running, query, by)
        assert (got.status, [error["pointer"] for error in got.problem.get("errors", [])]) == (status, pointers), query
    assert (await summary(running, "")).status == 200


async def codes(running: Registration, name: str, by: Any = NAVIGATOR, **asked: str) -> File:
    words = {"season": "2020", "class": name, **asked}
    query = "&".join(f"{word}={quote(text)}" for word, text in words.items())
    return await file(running, f"/schools/{SCHOOL.id}/class-codes?{query}", [by])


def _printed(code: str) -> str:
    return "-".join((code[:4], code[4:8], code[8:]))


async def test_codes_that_are_open_are_printed_for_those_whose_they_are(running: Registration) -> None:
    two = [{"ref": "f-7-second", "name": "Второва Вера"}]
    first, second = await running.enter(pupil("f-7", guardians=two, grade=8), pupil("f-8", grade=8), **{"class": "8А"})
    assert (await running.redeem(second["link_code"], "mother-f8"))[0] == 200
    got = await codes(running, "8А")
    assert got.status == 200
    handed = [item["link_code"] for item in first["guardians"]]
    assert all(_printed(code) in got.text for code in handed)
    assert all(name in got.text for name in ("Второва Вера", pupil("f-7")["guardian"]["name"]))
    own = [item["account_code"] for item in (first, second)]
    assert not any(_printed(code) in got.text for code in (second["link_code"], *own)), "redeemed, or the pupils' own"
    printed = await codes(running, "8А", owner="pupil")
    assert all(_printed(code) in printed.text for code in own)
    assert not any(_printed(code) in printed.text for code in handed)
    for item in (first, second):
        reading = {"participants": item["participant"], "route": "GET /registration/schools/{code}/class-codes"}
        await running.know(reading, 2, "audit_log")
    path = f"/participants/{first['participant']}/codes"
    for owner in (*(item["guardian"] for item in first["guardians"]), "self"):
        assert (await running.call("DELETE", f"{path}/{owner}", grants=[NAVIGATOR]))[0] == 200
    refused = await codes(running, "8А")
    assert (refused.status, refused.problem["type"]) == (409, "no-open-codes")


async def test_codes_of_a_class_out_of_scope_are_not_there(running: Registration) -> None:
    await running.enter(pupil("f-9"), **{"class": "7Г"})
    for by in (OTHER_SCHOOL, OF_7B, {**REGIONAL, "org": "RU-AMU"}):
        got = await codes(running, "7Г", by)
        assert (got.status, got.problem["type"]) == (404, "not-found")
    assert (await codes(running, "7Г", {"role": "guardian"})).status == 403
    wrong = await codes(running, "7Г", owner="teacher")
    assert (wrong.status, wrong.problem["errors"][0]["pointer"]) == (422, "query:owner")


async def test_pupils_own_codes_are_printed_with_names(running: Registration) -> None:
    passes = Passes(bytes(32))
    lines = [pupil("dc-1", name="Входова Вера", grade=8), pupil("dc-2", name="Дверев Денис", grade=8)]
    first, second = [item["participant"] for item in await running.enter(*lines, **{"class": "8Д"})]
    codes = [passes.write(OwnCode(id)) for id in (second, first)]
    path = f"/schools/{SCHOOL.id}/door-codes/printout?season=2020&class={quote('8Д')}"
    got = await posted(running, path, {"codes": codes}, [NAVIGATOR])
    assert got.status == 200
    assert got.text.index("Входова Вера") < got.text.index("Дверев Денис")
    for code in (passes.write(Pass("b1", "s1")), passes.write(OwnCode("p-of-nobody")), "a.b.c"):
        wrong = await posted(running, path, {"codes": [codes[0], code]}, [NAVIGATOR])
        assert (wrong.status, [one["pointer"] for one in wrong.problem["errors"]]) == (422, ["/codes/1"])
    for by in (OTHER_SCHOOL, OF_7B):
        assert (await posted(running, path, {"codes": codes}, [by])).status == 404
    route = "POST /registration/schools/{code}/door-codes/printout"
    await running.know({"participants": {"$all": [first, second]}, "route": route}, 1, "audit_log")
