"""Keys of the vault are changed while processes serve: no name is lost, no request fails, the erased stay erased."""

import asyncio
import base64
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import aiohttp
import pytest
import pytest_asyncio

from deploy.local.stack import Infrastructure
from deploy.local.system import ROOT
from deploy.programs.ports import free_port
from deploy.programs.processes import Program, spawn
from services.registration.key_ring import KeyRing
from services.registration.person_keys import part
from services.registration.vault import Vault
from shared.base.errors import Unavailable
from shared.base.named_keys import NamedKey
from shared.storage.mongo import Document
from tests.builders.events import season
from tests.builders.registration import SCHOOL, pupil
from tests.drivers.bilet import Ran, ended
from tests.drivers.consumers import eventually
from tests.drivers.registration import NAVIGATOR, REGIONAL, Registration
from tests.drivers.service import Answer, installed

K1, K2 = (NamedKey(id, os.urandom(32)) for id in ("k1", "k2"))
CLASS = 30


class Ringed(Registration):
    """Registration whose ring of keys can be changed between two starts."""

    ring: str = ""

    def _environ(self, port: int) -> Mapping[str, str]:
        return {**super()._environ(port), "VAULT_KEYS": self.ring}

    async def roll_out(self, ring: str) -> None:
        """Lets a process with another ring take the place of the one before; all names are read of both meanwhile."""
        self.ring = ring
        child, base = await self._process("api")
        assert await self.names() == await self.names(base), ring
        await self.child.stop()
        self.child, self.base = child, base

    async def names(self, base: str | None = None) -> dict[str, str]:
        """The names of the school's pupils by id."""
        found: dict[str, str] = {}
        after: str | None = ""
        while after is not None:
            path = f"/schools/{SCHOOL.id}/participants?season=2020&limit=1000&after={after}"
            answer = await self.request("GET", path, None, self.bearer("staff", [NAVIGATOR]), base)
            assert answer.status == 200, answer
            found |= {item["participant"]: item["name"] for item in answer.body["items"]}
            after = answer.body["next"]
        return found

    async def rotate(self) -> Ran:
        """`bilet keys rotate`, ended."""
        words = (sys.executable, "-m", "deploy.cli", "keys", "rotate")
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*words, cwd=ROOT, env=self._environ(0), stdout=pipe, stderr=pipe)
        output, complaint = await process.communicate()
        return ended(process.returncode, output, complaint)

    async def wrapped_by(self) -> dict[str | None, int]:
        """How many keys each key has wrapped."""
        steps: list[Document] = [
            {"$match": {"key": {"$exists": True}}},
            {"$group": {"_id": "$wrapped_by", "n": {"$sum": 1}}},
        ]
        return {row["_id"]: row["n"] async for row in self.mongo["vault_keys"].aggregate(steps)}

    async def enter_class(self, name: str) -> list[str]:
        items = await self.enter(*(pupil(f"{name}-{n}", name=f"Иванов {name} {n}") for n in range(CLASS)))
        return [item["participant"] for item in items]


def ring(*keys: NamedKey | str) -> str:
    """The text of a ring as the environment has it."""
    shown = (key if isinstance(key, str) else f"{key.id}:{base64.b64encode(key.key).decode()}" for key in keys)
    return ",".join(shown)


@pytest_asyncio.fixture(loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Ringed]:
    """A service with a school, whose keys lie apart as in every new installation."""
    async with installed(Ringed, infrastructure) as running:
        await part(running.mongo, running.settings)
        await running.learn(season())
        await running.define("RU-ROS", kind="region", name="Ростовская область", parent="RU", utc_offset="+03:00")
        await running.define("RU-ROS-001", kind="municipality", name="Аксайский район", parent="RU-ROS")
        await running.define(SCHOOL.id, kind="school", name="Школа", parent="RU-ROS-001", level="main")
        yield running


@asynccontextmanager
async def load(running: Ringed, ids: list[str]) -> AsyncIterator[dict[str, int]]:
    """Enters, shows and erases pupils, one after the other of each, while the body runs; counts what was answered."""
    done = {"entered": 0, "shown": 0, "erased": 0}
    going = True

    async def entering() -> None:
        while going:
            await running.enter_class(f"н{done['entered']}-{len(ids)}")
            done["entered"] += 1

    async def showing() -> None:
        while going:
            id = ids[-1 - done["shown"] % (len(ids) // 2)]
            status, seen = await running.call("GET", f"/participants/{id}", grants=[NAVIGATOR])
            assert (status, seen["name"].startswith("Иванов")) == (200, True), seen
            done["shown"] += 1

    async def erasing() -> None:
        while going and done["erased"] < len(ids) // 2:
            status, answer = await running.call("DELETE", f"/participants/{ids[done['erased']]}", grants=[REGIONAL])
            assert status == 200, answer
            done["erased"] += 1

    async with asyncio.TaskGroup() as tasks:
        for work in (entering, showing, erasing):
            tasks.create_task(work())
        try:
            yield done
        finally:
            going = False


@pytest.mark.timeout(180)
async def test_keys_are_changed_while_pupils_are_entered_shown_and_erased(running: Ringed) -> None:
    ids = [id for n in range(20) for id in await running.enter_class(f"с{n}")]
    assert await running.wrapped_by() == {None: 2 * len(ids)}
    await running.roll_out(ring("derived", K1))
    await running.roll_out(ring(K1))
    sealed = {row["_id"]: row["data"] async for row in running.mongo["vault"].find({})}
    async with load(running, ids) as done:
        ran = await running.rotate()
        await eventually(lambda: _all(done))
    assert (ran.code, ran.complaint) == (0, ""), ran
    assert "keys were wrapped anew by k1" in ran.lines[-2]
    assert ran.lines[-1] == "derived wraps no key any more; MASTER_KEY stays, other keys follow from it"
    names = await running.names()
    assert set(names).isdisjoint(ids[: done["erased"]])
    assert len(names) == len(ids) - done["erased"] + CLASS * done["entered"]
    assert await running.wrapped_by() == {"k1": 2 * len(names)}, "none is under the old key, none came back"
    now = {row["_id"]: row["data"] async for row in running.mongo["vault"].find({})}
    assert all(now[id] == data for id, data in sealed.items() if id in now), "no name was sealed anew"

    again = await running.rotate()
    assert (again.code, again.lines[0]) == (0, "0 keys were wrapped anew by k1")
    old = {row["_id"]: row async for row in running.mongo["vault_keys"].find({"wrapped_by": "k1"})}
    await running.roll_out(ring(K2, K1))
    ran = await running.rotate()
    assert ran.lines[0] == f"{len(old):,} keys were wrapped anew by k2"
    assert any(line.startswith("k1 wraps no key any more: it may leave VAULT_KEYS") for line in ran.lines), ran
    await running.roll_out(ring(K2))
    assert await running.names() == names
    await running.enter_class("последний")
    without = Vault(KeyRing(running.settings.master_key, [K2]), os.urandom)
    with pytest.raises(Unavailable, match="k1, which VAULT_KEYS lacks"):
        without.prove({**next(iter(old.values())), "version": 1})


async def _all(done: Mapping[str, int]) -> bool:
    return all(count >= 2 for count in done.values())


@pytest.mark.timeout(180)
async def test_a_process_without_a_key_that_rows_need_is_not_ready_and_loses_no_name(running: Ringed) -> None:
    first = await running.enter_class("а")
    await running.roll_out(ring(K1))
    second = await running.enter_class("б")
    names = await running.names()
    wrong = NamedKey("k1", os.urandom(32))
    for lacking, why in ((ring(K2), "k1, which VAULT_KEYS lacks"), (ring(wrong), "the one that is named k1")):
        running.ring = lacking
        async with _unready(running) as (base, status, said):
            assert (status, why in said) == (503, True), said
            assert (await read(running, first[0], base)).body["name"] == names[first[0]], "what opens is shown"
            if lacking == ring(K2):
                assert (await read(running, second[0], base)).status == 503
            path = f"/participants/{second[0]}"
            erased = await running.request("DELETE", path, None, running.bearer("operator", [REGIONAL]), base)
            assert erased.status == 200, "an erasure needs no key"
            del names[second.pop(0)]
    running.ring = ring(K2)
    ran = await running.rotate()
    assert (ran.code, ran.lines[1]) == (1, f"{2 * len(second)} keys are wrapped by k1: VAULT_KEYS lacks it"), ran
    await running.child.stop()
    running.ring = ring(K2, K1)
    await running.start()
    assert (await running.rotate()).code == 0
    assert await running.names() == names


async def read(running: Ringed, id: str, base: str) -> Answer:
    return await running.request("GET", f"/participants/{id}", None, running.bearer("staff", [NAVIGATOR]), base)


@asynccontextmanager
async def _unready(running: Ringed) -> AsyncIterator[tuple[str, int, str]]:
    """A process that does not become ready: its address, and status and text of its last word on that."""
    port = free_port()
    base, status, said = f"http://127.0.0.1:{port}", 0, ""
    argv = [sys.executable, "-m", "services.registration.app", "api"]
    child = await spawn(Program("registration", argv, running._environ(port), running.log))

    async def complains() -> bool:
        nonlocal status, said
        try:
            async with running.http.get(f"{base}/readyz") as answer:
                status, said = answer.status, await answer.text()
        except aiohttp.ClientError:
            return False
        return status == 200 or "wrapped" in said

    try:
        await eventually(complains)
        yield base, status, said
    finally:
        await child.stop()
