"""Retention on real Kafka and MongoDB: who is due stands on a list for a week, and is erased by a job, with an act."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import quote

import pytest_asyncio

from deploy.local.stack import Infrastructure
from services.registration.app import repository_of
from services.registration.retention_job import RetentionJob
from shared.identity.key_ring import KeyRing
from shared.identity.vault import Vault
from shared.programme.moments import zone
from shared.runtime.service import Platform
from shared.storage.outbox import utcnow
from tests.builders.registration import SCHOOL, minor
from tests.drivers.registration import NATIONAL, NAVIGATOR, REGIONAL, Registration, registration

DAY = timedelta(days=1)
NUMBERS = count()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Registration]:
    async with registration(infrastructure) as service:
        yield service


@asynccontextmanager
async def job(running: Registration, now: datetime, erasures: int = 10) -> AsyncIterator[RetentionJob]:
    """The job of another process, at a time."""
    platform = Platform("registration", running.settings, lambda: now)
    try:
        repository = repository_of(platform, Vault(KeyRing.of(platform.settings), bytes))
        lease = platform.lease("retention of a test")
        yield RetentionJob(
            lease, repository, platform.audit, platform.clock, lambda: f"act{next(NUMBERS):05}", erasures
        )
    finally:
        platform.close()


async def passes(running: Registration, now: datetime) -> None:
    """Goes through the region at a time, also where the service's own job has done so on that day."""
    before = (now - DAY).astimezone(zone("+03:00")).date()
    await running.mongo["retention_runs"].update_many({}, {"$set": {"day": str(before)}})
    async with job(running, now) as through:
        await through.drain()


def ago(days: float) -> str:
    return (utcnow() - timedelta(days=days)).isoformat()


async def withdraw(running: Registration, id: str, days: float) -> None:
    path = f"/participants/{id}/consents/current?occurred_at={quote(ago(days))}"
    status, answer = await running.call("DELETE", path, grants=[NAVIGATOR])
    assert status == 200, answer


async def leave(running: Registration, id: str, days: float) -> None:
    body = {"reason": "left", "occurred_at": ago(days)}
    status, answer = await running.call("POST", f"/participants/{id}/archive", body, grants=[NAVIGATOR])
    assert status == 200, answer


async def entered(running: Registration, *refs: str) -> list[str]:
    items = await running.enter(*(minor(ref, guardian={"ref": f"{ref}-о", "name": f"Опекун {ref}"}) for ref in refs))
    return [item["participant"] for item in items]


async def listed(running: Registration, query: str = "", grant: Any = NAVIGATOR) -> Mapping[str, dict[str, Any]]:
    status, page = await running.call("GET", f"/retention?organisation={SCHOOL.id}{query}", grants=[grant])
    assert status == 200, page
    return {item["participant"]: item for item in page["items"]}


async def erased(running: Registration, *ids: str) -> set[str]:
    rows = await running.mongo["participants"].find({"_id": {"$in": ids}, "erased_at": {"$ne": None}}).to_list(None)
    return {row["_id"] for row in rows}


async def test_who_is_due_is_seen_for_a_week_and_erased_by_an_act_that_says_by_whom(running: Registration) -> None:
    now = utcnow()
    today = now.astimezone(zone("+03:00")).date()
    gone, again, left, back, soon = await entered(running, "ср-1", "ср-2", "ср-3", "ср-4", "ср-5")
    for id, days in ((gone, 100), (again, 100), (soon, 10)):
        await withdraw(running, id, days)
    for id in (left, back):
        await leave(running, id, 40)
    before = await listed(running)
    assert before.keys() == {gone, again, left, back}
    shown = before[gone]
    assert (shown["reason"], shown["name"], shown["class"]) == ("consent-withdrawn", "Иванов Пётр ср-1", "7А")
    assert (shown["listed"], shown["erased_on"]) in ((None, str(today + 7 * DAY)), (str(today), str(today + 7 * DAY)))
    assert (await listed(running, "&days=31")).keys() == {gone, again, left, back, soon}
    assert (await listed(running, "&days=31"))[soon]["erased_on"] == str(today + 20 * DAY)

    await passes(running, now)
    assert (await listed(running))[left]["listed"] == str(today)
    given = {"version": "2021-1", "channel": "paper"}
    path = f"/participants/{again}/consents"
    assert (await running.call("POST", path, given, grants=[NAVIGATOR]))[0] == 200
    assert (await running.call("DELETE", f"/participants/{back}/archive", grants=[NAVIGATOR]))[0] == 200
    assert (await listed(running)).keys() == {gone, left}
    await passes(running, now + 6 * DAY)
    assert await erased(running, gone, again, left, back, soon) == set()

    async with job(running, now + 7 * DAY, erasures=1) as killed:
        while not await erased(running, gone, left):
            await killed.step()
    assert len(await erased(running, gone, left)) == 1
    await passes(running, now + 7 * DAY)
    await passes(running, now + 7 * DAY)
    assert await erased(running, gone, again, left, back, soon) == {gone, left}
    for id in (gone, left):
        types = [envelope.event.type for envelope in await running.of(id)]
        assert types[-2:] == ["guardian.erased.v1", "participant.erased.v1"]
        assert types.count("participant.erased.v1") == 1
        row = await running.mongo["acts"].find_one({"participant": id})
        assert row is not None
        _, act = await running.call("GET", f"/acts/{row['_id']}", grants=[REGIONAL])
        assert (act["requested_by"], act["person"]) == ("retention", "pupil")
        assert await running.mongo["audit_log"].count_documents({"route": "retention", "participants": id}) == 1
    assert await running.mongo["retention_list"].count_documents({"_id": {"$in": [gone, left, again, back]}}) == 0


async def test_where_the_job_was_off_the_week_is_still_to_come(running: Registration) -> None:
    late = utcnow() + 100 * DAY
    (id,) = await entered(running, "ср-6")
    await withdraw(running, id, 25)
    for day in (0, 6):
        await passes(running, late + day * DAY)
        assert await erased(running, id) == set()
    await passes(running, late + 7 * DAY)
    assert await erased(running, id) == {id}


async def test_a_region_says_how_long_and_the_list_follows_at_once(running: Registration) -> None:
    path, (id,) = "/retention/RU-ROS", await entered(running, "ср-7")
    await leave(running, id, 40)
    assert id in await listed(running)
    default = {"region": "RU-ROS", "withdrawn_days": 30, "left_days": 30, "notice_days": 7, "seasons": []}
    assert await running.call("GET", path, grants=[{"role": "guardian"}]) == (200, default)
    for body, status in (
        ({"left_days": 6}, 422),
        ({"left_days": 1_826}, 422),
        ({"left_days": 60, "until": 1}, 422),
        ({"season": "1999", "left_days": 60}, 409),
    ):
        assert (await running.call("PUT", path, body, grants=[REGIONAL]))[0] == status
    for grant in (NAVIGATOR, {"role": "municipal-operator", "org": "RU-ROS-001"}, {**REGIONAL, "org": "RU-AMU"}):
        assert (await running.call("PUT", path, {"left_days": 60}, grants=[grant]))[0] == 403
    assert (await running.call("PUT", f"{path}-001", {"left_days": 60}, grants=[NATIONAL]))[0] == 422
    assert (await running.call("PUT", "/retention/RU-XX", {"left_days": 60}, grants=[NATIONAL]))[0] == 404
    status, said = await running.call("PUT", path, {"season": "2020", "left_days": 60}, grants=[REGIONAL])
    assert (status, said["seasons"], said["left_days"]) == (200, [{"season": "2020", "left_days": 60}], 30)
    assert id not in await listed(running)
    assert id in await listed(running, "&days=21")
    assert id in await listed(running, "&days=21", REGIONAL)
    for query in ("&days=32", "&days=-1", "&day=1"):
        found, _ = await running.call("GET", f"/retention?organisation={SCHOOL.id}{query}", grants=[NAVIGATOR])
        assert found == 422
    elsewhere = {**NAVIGATOR, "org": "RU-ROS-001-S02"}
    assert (await running.call("GET", f"/retention?organisation={SCHOOL.id}", grants=[elsewhere]))[0] == 403
    other_class = {**NAVIGATOR, "classes": ["7Б"]}
    assert await listed(running, "&days=21", other_class) == {}


async def test_a_list_is_paged_and_who_read_it_is_on_record(running: Registration) -> None:
    ids = await entered(running, "ср-8", "ср-9", "ср-10")
    for id in ids:
        await withdraw(running, id, 50)
    found: list[str] = []
    after = ""
    while True:
        query = f"organisation={SCHOOL.id}&limit=1&after={after}"
        _, page = await running.call("GET", f"/retention?{query}", grants=[NAVIGATOR], subject="reader")
        found += [item["participant"] for item in page["items"]]
        if page["next"] is None:
            break
        after = page["next"]
    assert set(ids) <= set(found)
    assert found == sorted(found)
    await running.know({"route": "GET /registration/retention", "participants": ids[0]}, 1, "audit_log")
