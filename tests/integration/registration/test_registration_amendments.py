"""One pupil amended over HTTP on real Kafka and MongoDB: by staff in scope alone, once, with a trace."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest_asyncio

from deploy.cli.audit import newest
from deploy.local.stack import Infrastructure
from tests.builders.registration import pupil
from tests.drivers.consumers import eventually
from tests.drivers.registration import NAVIGATOR, OTHER_SCHOOL, REGIONAL, Registration, registration


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Registration]:
    async with registration(infrastructure) as service:
        yield service


async def amend(running: Registration, id: str, grants: Any = (NAVIGATOR,), **said: Any) -> tuple[int, dict[str, Any]]:
    return await running.call("PATCH", f"/participants/{id}", said, grants=list(grants))


async def test_a_child_is_amended_by_the_school_and_seen_so(running: Registration) -> None:
    (item,) = await running.enter(pupil("am-1", name="Другой Ребёнок", birth_date="2005-05-05"))
    status, done = await amend(running, item["participant"], name="Иванов Пётр", birth_date="2007-05-17")
    assert (status, done["corrected"], done["added"]) == (200, ["name", "birth_date"], [])
    _, shown = await running.call("GET", f"/participants/{item['participant']}", grants=[NAVIGATOR])
    assert (shown["name"], shown["birth_date"]) == ("Иванов Пётр", "2007-05-17")
    (again,) = await running.enter(pupil("am-1", name="Другой Ребёнок", birth_date="2005-05-05"))
    assert (again["status"], again["problem"]["type"]) == ("rejected", "another-child")
    assert await amend(running, item["participant"], name="Иванов Пётр") == (200, {**done, "corrected": []})
    rows = await running.mongo["corrections"].find({"participant": item["participant"]}).to_list(None)
    assert [(row["field"], row["changed"]["route"]) for row in rows] == [
        (field, "PATCH /registration/participants/{participant}") for field in ("name", "birth_date")
    ]
    asked = {"at": {"$gte": datetime.now(UTC) - timedelta(days=1)}, "participants": item["participant"]}

    async def is_on_record() -> bool:
        entries = await newest(running.settings, "registration", asked, 100)
        fields = [entry["corrected"]["field"] for entry in entries if "corrected" in entry]
        actors = {entry["actor"] for entry in entries if "corrected" in entry}
        own = [await newest(running.settings, "registration", {**asked, "actor": actor}, 1) for actor in actors]
        nobody_s = await newest(running.settings, "registration", {**asked, "actor": "nobody"}, 100)
        return sorted(fields) == ["birth_date", "name"] and None not in actors and all(own) and not nobody_s

    await eventually(is_on_record)
    assert {(row["expires"] - row["at"]).days for row in rows} == {running.settings.audit_days}
    stored = [repr(await running.mongo[name].find({}).to_list(None)) for name in await running.documents()]
    assert not any("Ребёнок" in text for text in stored)


async def test_a_guardian_who_is_added_by_many_at_once_is_one(running: Registration) -> None:
    (item,) = await running.enter(pupil("am-2", guardian=None, consent=None))
    mother = {"guardians": [{"ref": "am-mother", "name": "Иванова Анна"}], "disability": True}
    answers = await asyncio.gather(*(amend(running, item["participant"], **mother) for _ in range(4)))
    assert [status for status, _ in answers] == [200] * 4
    assert len({done["guardians"][0]["guardian"] for _, done in answers}) == 1
    assert sorted(done["added"] for _, done in answers) == [[], [], [], ["guardian", "disability"]]
    guardian = answers[0][1]["guardians"][0]
    assert await running.redeem(guardian["link_code"], "am-mother") == (
        200,
        (item["participant"], guardian["guardian"]),
    )
    assert [e.event.type for e in await running.of(item["participant"])] == [
        "participant.registered.v1",
        "guardian.linked.v1",
    ]


async def test_nobody_amends_outside_the_scope_and_a_wrong_amendment_changes_nothing(running: Registration) -> None:
    (item,) = await running.enter(pupil("am-3"))
    id, before = item["participant"], await running.documents()
    for grants in ([OTHER_SCHOOL], [{**NAVIGATOR, "classes": ["7Б"]}], [{**REGIONAL, "org": "RU-AMU"}]):
        status, refused = await amend(running, id, grants, name="Кто-то Другой")
        assert (status, refused["type"]) == (404, "not-found")
    status, refused = await amend(running, id, [{"role": "guardian"}], name="Кто-то Другой")
    assert (status, refused["type"]) == (403, "forbidden")
    for said, pointer in (
        ({}, ""),
        ({"name": " "}, "/name"),
        ({"birth_date": "1990-01-01"}, "/birth_date"),
        ({"guardians": [{"ref": "x"}]}, "/guardians/0/name"),
        ({"name": "Имя", "occurred_at": "2100-01-01T00:00:00+03:00"}, "/occurred_at"),
        ({"class": "8А"}, "/class"),
    ):
        status, refused = await amend(running, id, **said)
        assert (status, [error["pointer"] for error in refused["errors"]]) == (422, [pointer]), said
    await running.enter(pupil("am-4", guardian={"ref": "am-other", "name": "Петрова Вера"}))
    before = await running.documents()
    status, refused = await amend(running, id, guardians=[{"ref": "am-other", "name": "Соколов Олег"}])
    assert (status, refused["type"]) == (409, "another-guardian")
    assert [error["pointer"] for error in refused["errors"]] == ["/guardians/0/ref"]
    status, refused = await amend(running, "nobody", name="Имя")
    assert (status, refused["type"]) == (404, "not-found")
    assert await running.documents() == before
