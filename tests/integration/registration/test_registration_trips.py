"""Trips over HTTP on real Kafka and MongoDB: who of a class has a seat that day, with whom they go, as of now."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest_asyncio

from deploy.local.stack import Infrastructure
from shared.contracts.trials import SlotOpened
from shared.contracts.venues import VenueRegistered
from tests.builders.events import booked, cancelled, enveloped
from tests.builders.registration import SCHOOL, pupil
from tests.drivers.consumers import publish
from tests.drivers.files import File, file, posted
from tests.drivers.registration import NAVIGATOR, OTHER_SCHOOL, REGIONAL, Registration, registration

VENUE, NAME = "V1", "Фамилия, имя, отчество"
NOON = datetime.now(ZoneInfo("Europe/Moscow")).replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=9)
DAY = NOON.date().isoformat()
OF_7B = {**NAVIGATOR, "classes": ["7Б"]}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Registration]:
    async with registration(infrastructure) as service:
        place: dict[str, Any] = {"venue": VENUE, "season": "2020", "region": "RU-ROS"}
        venue = VenueRegistered(
            **place,
            organisation="RU-ROS-001-C01",
            name="Колледж",
            registry="regional",
            municipality="RU-ROS-001",
            address="г. Аксай, ул. Мира, 1",
        )
        held = {"competency": "gov", "kind": "trial", "minutes": 60, "capacity": 8, "grades": (6, 11)}
        times = {"early": NOON, "late": NOON + timedelta(hours=2), "other": NOON + timedelta(days=1)}
        slots = [SlotOpened(**place, **held, slot=slot, starts_at=time) for slot, time in times.items()]
        await publish(service.settings, enveloped(venue), *map(enveloped, slots))
        await service.know({}, 3, "slots")
        await service.know({"name": "Колледж"}, 1, "venues")
        yield service


def path(kind: str = "", venue: str = VENUE, day: str = DAY, name: str = "7А") -> str:
    return f"/schools/{SCHOOL.id}/trips/{venue}/{day}{kind}?class={quote(name)}"


async def sheet(running: Registration, kind: str = "workbook", by: Any = NAVIGATOR, **asked: str) -> File:
    return await file(running, path(f"/{kind}", **asked), [by])


async def seated(running: Registration, *seats: tuple[str, str]) -> None:
    await publish(running.settings, *(enveloped(booked(id, slot)) for id, slot in seats))
    for id, slot in seats:
        await running.know({"_id": f"{id}/2020", "booked.slot": slot}, 1, "steps")


async def test_the_sheet_of_a_class_has_who_is_booked_and_follows_the_bookings(running: Registration) -> None:
    lines = [pupil("tr-1", name="Ягодин Яков"), pupil("tr-2", name="Ёжиков Артём"), pupil("tr-3", name="Юрьев Юрий")]
    first, second, away = [item["participant"] for item in await running.enter(*lines)]
    refused = await sheet(running)
    assert (refused.status, refused.problem["type"]) == (409, "nobody-travels")
    await seated(running, (first, "late"), (second, "early"), (away, "other"))
    status, told = await running.call("PUT", path(), {"name": "Учителева Анна"}, grants=[NAVIGATOR])
    assert (status, told["class"], told["accompanied_by"]) == (200, "7А", "name")
    got = await sheet(running)
    rows = [(row["№"], row[NAME], row["Начало"], row["Код участника"]) for row in got.rows()]
    assert rows == [(1, "Ёжиков Артём", "12:00", second), (2, "Ягодин Яков", "14:00", first)]
    for seen in ("Учителева Анна", "Колледж, г. Аксай, ул. Мира, 1"):
        assert seen in got.text
    page = await sheet(running, "printout")
    for seen in ("Маршрутный лист", "Ёжиков Артём", "Сопровождающий: Учителева Анна", "Учеников: 2."):
        assert seen in page.text
    reading = {"route": "GET /registration/schools/{code}/trips/{venue}/{day}/workbook", "participants": first}
    await running.know(reading, 1, "audit_log")

    await publish(running.settings, enveloped(cancelled(first, "late"), 2))
    await running.know({"_id": f"{first}/2020", "cancelled": {"$size": 1}}, 1, "steps")
    assert [row[NAME] for row in (await sheet(running)).rows()] == ["Ёжиков Артём"]
    assert [row[NAME] for row in (await sheet(running, day=str((NOON + timedelta(days=1)).date()))).rows()] == [
        "Юрьев Юрий"
    ]


async def test_the_teacher_has_needs_printed_for_the_adult_who_goes_along(running: Registration) -> None:
    lines = [pupil("tn-1", name="Колясов Кирилл"), pupil("tn-2", name="Тихонова Таня")]
    first, second = [item["participant"] for item in await running.enter(*lines, **{"class": "7Н"})]
    await seated(running, (first, "late"), (second, "late"))
    said = {"needs": [{"participant": first, "needs": ["wheelchair", "assistant"]}]}
    with_needs = path("/printout", name="7Н")
    page = await posted(running, with_needs, said, [NAVIGATOR])
    assert page.status == 200
    for seen in ("Что нужно на площадке", "Колясов Кирилл", "кресло-коляска, помощник", "Тихонова Таня"):
        assert seen in page.text
    assert "кресло" not in (await sheet(running, "printout", name="7Н")).text
    for by, status in ((OF_7B, 404), (OTHER_SCHOOL, 404), (REGIONAL, 403)):
        assert (await posted(running, with_needs, said, [by])).status == status
    wrong = await posted(running, with_needs, {"needs": [{"participant": first, "needs": ["epilepsy"]}]}, [NAVIGATOR])
    assert (wrong.status, wrong.problem["errors"][0]["pointer"]) == (422, "/needs/0/needs/0")
    route = "POST /registration/schools/{code}/trips/{venue}/{day}/printout"
    of_both = {"$all": [first, second], "$size": 2}
    await running.know({"route": route, "participants": of_both}, 1, "audit_log")


async def test_an_adult_is_named_once_and_sealed_until_a_month_later(running: Registration) -> None:
    (item,) = await running.enter(pupil("tr-9", name="Десятов Дан"))
    await seated(running, (item["participant"], "late"))
    for name in ("Первая Анна", "Вторая Анна"):
        assert (await running.call("PUT", path(), {"name": name}, grants=[NAVIGATOR]))[0] == 200
    row = await running.mongo["trips"].find_one({"_id": f"{SCHOOL.id}/7А/{VENUE}/{DAY}"})
    assert row is not None
    assert "Вторая" not in str(row)
    assert row["expires"] - datetime.now(UTC) > timedelta(days=38)
    for body, pointer in (({"account": "nobody"}, "/account"), ({"name": "А", "account": "b"}, ""), ({}, "")):
        status, told = await running.call("PUT", path(), body, grants=[NAVIGATOR])
        assert (status, told["errors"][0]["pointer"]) == (422, pointer), body
    assert (await sheet(running)).status == 200
    teacher = {"account": running.account("teacher")}
    assert (await running.call("GET", "/me", grants=[NAVIGATOR], subject="teacher"))[0] == 200
    await running.know(teacher, 1, "staff")
    status, told = await running.call("PUT", path(), teacher, grants=[NAVIGATOR])
    assert (status, told["accompanied_by"]) == (200, "account")
    assert teacher["account"] in (await sheet(running)).text


async def test_a_trip_is_the_class_s_and_leads_to_a_slot(running: Registration) -> None:
    name = {"name": "Учителева Анна"}
    for by, status in ((OF_7B, 403), (OTHER_SCHOOL, 403), ({"role": "venue", "org": VENUE}, 403), (REGIONAL, 200)):
        assert (await running.call("PUT", path(), name, grants=[by]))[0] == status, by
    for by, status in ((OF_7B, 404), (OTHER_SCHOOL, 404), ({"role": "guardian"}, 403)):
        assert (await sheet(running, by=by)).status == status, by
    for asked in ({"day": "2031-01-01"}, {"venue": "V0"}):
        status, told = await running.call("PUT", path(**asked), name, grants=[NAVIGATOR])
        assert (status, told["type"]) == (409, "no-slots")
