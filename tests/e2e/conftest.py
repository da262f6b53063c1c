"""The whole system, every process of it, for end-to-end tests; and who talks to it."""

import json
import os
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest_asyncio

from deploy.cli.whole_demo import settings_of
from deploy.local.stack import Infrastructure
from deploy.local.system import Setup, System, system
from deploy.programs.ports import free_port
from shared.base.settings import Settings
from tests.drivers.documents import documented
from tests.drivers.pointers import checked

SCENARIO = Path("deploy/scenarios/rostov-2020/season.json")


@dataclass(frozen=True)
class Answer:
    """What came back: the status and the parsed body, if it is JSON."""

    status: int
    body: Any
    headers: Mapping[str, str]


class Client:
    """Speaks to the gateway as somebody with a token."""

    def __init__(self, running: System, http: aiohttp.ClientSession) -> None:
        self.system = running
        self._http = http

    def token(self, *grants: str, subject: str = "somebody") -> str:
        """A token with grants written as `role:org`."""
        parsed = [dict(zip(("role", "org"), grant.split(":", 1), strict=False)) for grant in grants]
        return self.system.issuer.token(subject, parsed, time.time())

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        by: Sequence[str] = (),
        subject: str = "somebody",
        **headers: str,
    ) -> Answer:
        """One request; `by` are the grants, none for no token; a body of bytes is sent as it is."""
        if by:
            headers["Authorization"] = f"Bearer {self.token(*by, subject=subject)}"
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", **headers}
        async with self._http.request(method, self.system.url + path, data=data, headers=sent) as answer:
            raw = await answer.read()
            return Answer(answer.status, json.loads(raw) if raw else None, answer.headers)

    async def ok(
        self, method: str, path: str, body: Any = None, *, by: Sequence[str], subject: str = "somebody"
    ) -> Any:
        """As `call`, and the answer must be a success."""
        answer = await self.call(method, path, body, by=by, subject=subject)
        assert answer.status < 300, answer.body
        return answer.body

    def stream(self, path: str, *, by: Sequence[str], subject: str) -> Any:
        """An open request whose lines are read as they come."""
        headers = {"Authorization": f"Bearer {self.token(*by, subject=subject)}", "Accept": "text/event-stream"}
        return self._http.get(self.system.url + path, headers=headers)


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[System]:
    """The system, one process a service; it ends with the last test of this folder, and takes no time of the others."""
    environ = {"MONGO_DATABASE_PREFIX": "e2e_", "KAFKA_TOPIC_PREFIX": "e2e."}
    everything = {**os.environ, **environ}
    setup = Setup(port=free_port(), scenario=SCENARIO, environ=everything)
    async with system(infrastructure, print, setup) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="session")
async def client(running: System) -> AsyncIterator[Client]:
    """Somebody outside."""
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=60), middlewares=(checked, documented)
    ) as http:
        yield Client(running, http)


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def settings(running: System) -> Settings:
    """The settings that the services run with, for looking into their databases and topics."""
    return settings_of(running.settings)
