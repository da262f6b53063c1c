"""Processes of registration that are killed in the middle of what must end whole: restoring, and erasing the due."""

import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
import pytest_asyncio

from deploy.local.stack import Infrastructure
from deploy.programs.ports import free_port
from services.registration.app import COLLECTIONS
from shared.contracts.event import Envelope
from shared.storage.outbox import utcnow
from tests.builders.events import season
from tests.builders.registration import minor
from tests.drivers.backups import Backup, assert_numbered_once
from tests.drivers.consumers import eventually
from tests.drivers.forks import fork
from tests.drivers.registration import NAVIGATOR, REGIONAL, Registration, registration
from tests.drivers.service import BOOKKEEPING

CLASSES, CLASS = 6, 30
DUE = 60


class Mortal(Registration):
    """Registration that is killed, by the number of its process."""

    async def dies_when(self, seen: Callable[[], Awaitable[bool]]) -> None:
        """Begins a process, and kills it once something is seen."""
        self.child = await fork(self.service, "all", self._environ(free_port()), self.log)
        try:
            await eventually(seen)
        finally:
            self.child.send(signal.SIGKILL)
            await self.child.wait()

    async def done(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """The answer to the region's operator."""
        status, answer = await self.call(method, path, body, grants=[REGIONAL])
        assert status < 300, answer
        return answer

    async def rows(self) -> dict[str, dict[str, Any]]:
        """All that the database holds, but for what moves by itself and when codes end."""
        kept = {}
        for name in COLLECTIONS.keys() - BOOKKEEPING:
            found = [row async for row in self.mongo[name].find({})]
            kept[name] = {str(row["_id"]): _bare(row) for row in found}
        return kept


def _bare(row: dict[str, Any]) -> dict[str, Any]:
    bare = {name: value for name, value in row.items() if name not in ("held", "changed", "expires", "epoch")}
    codes = [{**code, "expires": None} for code in row.get("codes", ())]
    return bare | ({"codes": codes} if "codes" in row else {})


@pytest_asyncio.fixture(loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Mortal]:
    async with registration(infrastructure, Mortal) as service:
        assert isinstance(service, Mortal)
        await service.learn(season(closes="2099-12-16"), 2)
        yield service


async def entered(running: Mortal, word: str) -> list[dict[str, Any]]:
    return await running.enter(*(minor(f"{word}-{n}") for n in range(CLASS)))


async def lives(running: Mortal, word: str) -> None:
    """A class of whom some are merged, parted, archived, linked and erased."""
    items = await entered(running, word)
    ids = [item["participant"] for item in items]
    for survivor, duplicate in ((ids[0], ids[1]), (ids[2], ids[3])):
        await running.done("POST", "/merges", {"survivor": survivor, "duplicate": duplicate})
    await running.done("DELETE", f"/merges/{ids[3]}")
    for id in (ids[4], ids[5], ids[0]):
        await running.done("DELETE", f"/participants/{id}")
    await running.done("POST", f"/participants/{ids[6]}/archive", {"reason": "left"})
    assert (await running.redeem(items[7]["link_code"], f"mother of {ids[7]}"))[0] == 200
    await running.done("DELETE", f"/guardians/{items[8]['guardian']}")


async def history(running: Mortal) -> list[Envelope]:
    topics = "registration.catalogue.v1", "registration.events.v1"
    return [event for topic in topics for event in await running.published(topic)]


@pytest.mark.timeout(400)
async def test_a_restoration_that_is_killed_again_and_again_ends_as_one_that_was_not(running: Mortal) -> None:
    await lives(running, "before")
    await running.know({}, 0, "outbox")
    backup = Backup.of(running.settings, "registration")
    for number in range(CLASSES):
        await lives(running, f"since-{number}")
    before = await history(running)
    await running.child.stop()

    backup.put_back()
    await running.start()
    assert await history(running) == before
    whole = await running.rows()
    await running.child.stop()

    backup.put_back()
    have, all_there = len(backup.rows["participants"]), len(whole["participants"])
    for part in (0.1, 0.4, 0.4, 0.7, 0.9):

        async def has_come(far: int = have + int(part * (all_there - have))) -> bool:
            return await running.mongo["participants"].estimated_document_count() >= far

        await running.dies_when(has_come)
        left = await running.mongo["participants"].count_documents({})
        assert left < all_there or part > 0.5, "it was killed before it was through"
    await running.start()
    assert await history(running) == before, "nothing is published again"
    found = await running.rows()
    assert {
        f"{name} {id}": (row, found[name].get(id))
        for name, rows in whole.items()
        for id, row in rows.items()
        if row != found[name].get(id)
    } == {}
    assert {name: len(rows) for name, rows in found.items()} == {name: len(rows) for name, rows in whole.items()}
    await entered(running, "after")
    assert_numbered_once(await history(running))


@pytest.mark.timeout(400)
async def test_a_run_of_retention_that_is_killed_erases_everybody_once(running: Mortal) -> None:
    now = utcnow()
    items = [item for word in ("due-1", "due-2") for item in await entered(running, word)]
    ids = [item["participant"] for item in items]
    assert len(ids) == DUE
    for id in ids:
        ended = quote((now - timedelta(days=100)).isoformat())
        path = f"/participants/{id}/consents/current?occurred_at={ended}"
        assert (await running.call("DELETE", path, grants=[NAVIGATOR]))[0] == 200
    await running.child.stop()
    await running.mongo["retention_runs"].delete_many({})
    await running.start()
    await running.know({"_id": {"$in": ids}}, DUE, "retention_list")
    await running.child.stop()
    week_ago = {"$set": {"since": (now - timedelta(days=9)).date().isoformat()}}
    await running.mongo["retention_list"].update_many({}, week_ago)
    await running.mongo["retention_runs"].delete_many({})
    gone = {"_id": {"$in": ids}, "erased_at": {"$ne": None}}

    for count in (1, 15, 30):

        async def erased(count: int = count) -> bool:
            return await running.mongo["participants"].count_documents(gone) >= count

        await running.dies_when(erased)
        assert await running.mongo["participants"].count_documents(gone) < DUE, "it was killed before it was through"
    await running.start()
    await running.know(gone, DUE, "participants")
    events = await running.published("registration.events.v1")
    assert Counter(e.event.key for e in events if e.event.type == "participant.erased.v1") == dict.fromkeys(ids, 1)
    assert await running.mongo["acts"].count_documents({"participant": {"$in": ids}}) == DUE
    persons = [*ids, *(item["guardian"] for item in items)]
    for name in ("vault", "vault_keys", "guardians", "retention_list"):
        assert await running.mongo[name].count_documents({"_id": {"$in": persons}}) == 0
    assert_numbered_once(events)
    audited = await running.mongo["audit_log"].distinct("participants", {"route": "retention"})
    assert len({*ids} - {*audited}) <= 3, "a killed process may lose the entry of its last erasure, and no other"
