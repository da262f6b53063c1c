"""Services whose ring of keys changes while they serve."""

import base64
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import ClassVar

import aiohttp
from typing_extensions import override

from deploy.local.stack import Infrastructure
from deploy.programs.ports import free_port
from services.registration.person_keys import part
from shared.base.named_keys import NamedKey
from shared.storage.mongo import Document
from tests.builders.events import season
from tests.builders.registration import SCHOOL, pupil
from tests.drivers.bilet import Ran, ran
from tests.drivers.consumers import eventually
from tests.drivers.forks import fork, fork_bilet
from tests.drivers.registration import NAVIGATOR, Registration
from tests.drivers.service import ServiceProcess, installed

K1, K2 = (NamedKey(id, os.urandom(32)) for id in ("k1", "k2"))
CLASS = 30


class RingedProcess(ServiceProcess):
    """A service whose ring of keys can be changed between two starts."""

    ring: str = ""
    keys: ClassVar[str]
    """The collection in which wrapped keys lie."""

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
        """The names that are sealed, by id."""
        raise NotImplementedError

    async def rotate(self) -> Ran:
        """`bilet keys rotate`, ended."""
        words = ("keys", "rotate", "--service", self.service)
        return await ran(partial(fork_bilet, words, self._environ(0)))

    @asynccontextmanager
    async def unready(self) -> AsyncIterator[tuple[str, int, str]]:
        """A process that does not become ready: its address, and status and text of its last word on that."""
        port = free_port()
        base, status, said = f"http://127.0.0.1:{port}", 0, ""
        child = await fork(self.service, "api", self._environ(port), self.log)

        async def complains() -> bool:
            nonlocal status, said
            try:
                async with self.http.get(f"{base}/readyz") as answer:
                    status, said = answer.status, await answer.text()
            except aiohttp.ClientError:
                return False
            return status == 200 or "wrapped" in said

        try:
            await eventually(complains)
            yield base, status, said
        finally:
            await child.stop()

    async def wrapped_by(self) -> dict[str | None, int]:
        """How many keys each key has wrapped."""
        steps: list[Document] = [
            {"$match": {"key": {"$exists": True}}},
            {"$group": {"_id": "$wrapped_by", "n": {"$sum": 1}}},
        ]
        return {row["_id"]: row["n"] async for row in self.mongo[self.keys].aggregate(steps)}


class Ringed(RingedProcess, Registration):
    """Registration, whose persons' keys lie apart."""

    keys = "vault_keys"

    @override
    async def names(self, base: str | None = None) -> dict[str, str]:
        found: dict[str, str] = {}
        after: str | None = ""
        while after is not None:
            path = f"/schools/{SCHOOL.id}/participants?season=2020&limit=1000&after={after}"
            answer = await self.request("GET", path, None, self.bearer("staff", [NAVIGATOR]), base)
            assert answer.status == 200, answer
            found |= {item["participant"]: item["name"] for item in answer.body["items"]}
            after = answer.body["next"]
        return found

    async def enter_class(self, name: str) -> list[str]:
        items = await self.enter(*(pupil(f"{name}-{n}", name=f"Иванов {name} {n}") for n in range(CLASS)))
        return [item["participant"] for item in items]


def ring(*keys: NamedKey | str) -> str:
    """The text of a ring as the environment has it."""
    shown = (key if isinstance(key, str) else f"{key.id}:{base64.b64encode(key.key).decode()}" for key in keys)
    return ",".join(shown)


@asynccontextmanager
async def ringed(infrastructure: Infrastructure) -> AsyncIterator[Ringed]:
    """A service with a school, whose keys lie apart as in every new installation."""
    async with installed(Ringed, infrastructure) as running:
        await part(running.mongo, running.settings)
        await running.learn(season())
        await running.define("RU-ROS", kind="region", name="Ростовская область", parent="RU", utc_offset="+03:00")
        await running.define("RU-ROS-001", kind="municipality", name="Аксайский район", parent="RU-ROS")
        await running.define(SCHOOL.id, kind="school", name="Школа", parent="RU-ROS-001", level="main")
        yield running
