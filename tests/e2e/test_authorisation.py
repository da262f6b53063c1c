"""Every route of the four services, asked by nobody and in nine roles, inside the scope and outside.

Who may do what stands in `authorisation.py`. First everybody is refused who is to be, and nothing changes; then the
others ask the same.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import aiohttp
import pytest
import pytest_asyncio
from fastapi.routing import iter_route_contexts

from deploy.local.system import System
from services.analytics.api import page
from shared.base.settings import Settings
from tests.drivers.changes import Changes, changes
from tests.drivers.documents import SERVICES, application, documented
from tests.drivers.files import text_of
from tests.drivers.pointers import checked
from tests.drivers.service import BOOKKEEPING
from tests.e2e.authorisation import ROWS, UNCHANGED, Row, routes
from tests.e2e.authorisation_callers import Caller, callers, subject
from tests.e2e.authorisation_open import open_routes
from tests.e2e.authorisation_quotas import give_quotas
from tests.e2e.authorisation_request import Request
from tests.e2e.authorisation_requests import requests
from tests.e2e.authorisation_scene import Scene, scene
from tests.e2e.conftest import Client
from tests.e2e.season import settled

STATUS = {"0": 401, "-": 403, "?": 404, "9": 409, "i": 200}
ANSWERED = "+~*"
ITEMS: Mapping[str, set[str | None]] = {"+": {None}, "i": {"participant-unknown", "not-found"}}
"""The types of the problems that items may have."""
AT_ONCE = 8
FILES = {"{name}": "page.js", "{version}": page.VERSION}


@dataclass(frozen=True)
class Stage:
    """A scene, the requests in it, and a way to make them."""

    scene: Scene
    http: aiohttp.ClientSession
    requests: Mapping[str, Request]
    changes: Changes

    async def ask(self, row: Row, among: str) -> None:
        """Makes the row's request as everybody whose mark is among these."""
        free, request = asyncio.Semaphore(AT_ONCE), self.requests[str(row)]

        async def one(caller: Caller, mark: str) -> None:
            async with free:
                status, text = await self._answer(row.route.split()[0], request, caller)
            complaint = self._complaint(request, caller, mark, status, text)
            assert complaint is None, f"{row} as {caller.subject} {caller.grant}: {complaint}; {status} {text[:500]}"

        asked = [(caller, mark) for position, mark in row.marked(among) for caller in callers(self.scene, position)]
        async with asyncio.TaskGroup() as tasks:
            for caller, mark in asked:
                tasks.create_task(one(caller, mark))

    async def _answer(self, method: str, request: Request, caller: Caller) -> tuple[int, str]:
        """Status and text; of a stream that is open the status alone."""
        system, headers = self.scene.client.system, {}
        if caller.grant is not None:
            headers["Authorization"] = f"Bearer {system.issuer.token(caller.subject, [caller.grant], time.time())}"
        sent = {"data" if request.media_type else "json": request.body}
        headers |= {"Content-Type": request.media_type} if request.media_type else {}
        async with self.http.request(method, system.url + request.path, headers=headers, **sent) as answer:
            streams = answer.content_type == "text/event-stream"
            return answer.status, "" if streams else text_of(answer.content_type, await answer.read())

    def _complaint(self, request: Request, caller: Caller, mark: str, status: int, text: str) -> str | None:
        """What is wrong with an answer, if anything is."""
        if status not in ([STATUS[mark]] if mark in STATUS else [200, 201, 202]):
            return f"`{mark}` is expected"
        everywhere = "town" in caller.sees
        told = [request.sign, request.beyond if everywhere else ""] if mark == "+" else []
        if missing := [sign for sign in told if sign not in text]:
            return f"it lacks {missing}"
        known = frozenset(request.tells if mark == "+" else ()).union(
            *(self.scene.pupils[key].secrets for key in caller.sees)
        )
        secrets = frozenset().union(*(pupil.secrets for pupil in self.scene.pupils.values())) - known
        secrets |= {"" if mark in "+*" else request.sign, "" if everywhere else request.beyond} - {""}
        if leaked := {secret for secret in secrets if secret in text and not request.says(secret)}:
            return f"it tells {leaked}"
        problems = set(_problems(text)) - ITEMS[mark] if mark in ITEMS else None
        return f"items have {problems}" if problems else None


def _problems(text: str) -> list[str | None]:
    """Of an answer with items, the type of each one's problem; None where it has none. A file has no items."""
    answer = json.loads(text) if text.startswith(("{", "[")) else {}
    items = answer.get("items", ()) if isinstance(answer, dict) else ()
    return [item["problem"]["type"] if item.get("problem") else None for item in items]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stage(running: System, settings: Settings) -> AsyncIterator[Stage]:
    """A season with everything in it; the families have their cabinets."""
    async with aiohttp.ClientSession(middlewares=(checked, documented)) as http:
        made = await scene(Client(running, http))
        await made.link("own", "guardian", subject(made, "guardian"))
        await made.link("second", "guardian", subject(made, "guardian"))
        await made.link("own", "pupil", subject(made, "pupil"))
        await made.link("next", "guardian", subject(made, "other guardian"))
        await made.link("next", "pupil", subject(made, "other pupil"))
        await made.ask_for_place(subject(made, "guardian"))
        await give_quotas(made.client, made.here)
        await settled(settings)
        databases = [settings.database(service) for service in SERVICES]
        async with changes(settings.mongo_url, databases, apart_from=BOOKKEEPING) as seen:
            yield Stage(made, http, requests(made), seen)


@pytest.mark.parametrize("service", SERVICES)
async def test_the_table_has_every_route_and_no_other(service: str) -> None:
    with application(service) as app:
        found = {f"{m} {context.path}" for context in iter_route_contexts(app.routes) for m in context.methods or "*"}
    assert found == routes(service)


@pytest.mark.parametrize("row", ROWS, ids=str)
async def test_who_is_refused_changes_nothing(stage: Stage, row: Row) -> None:
    await stage.changes.since()
    await stage.ask(row, UNCHANGED)
    assert await stage.changes.since() == []


@pytest.mark.parametrize("row", ROWS, ids=str)
async def test_who_may_is_answered_and_told_nothing_else(stage: Stage, row: Row) -> None:
    await stage.ask(row, ANSWERED)


@pytest.mark.parametrize("service", SERVICES)
async def test_what_is_for_everybody_needs_no_token_and_asks_for_none(stage: Stage, service: str) -> None:
    for route in sorted(open_routes(service)):
        method, path = route.split()
        for name, file in {**FILES, **({"{name}": "reference.js"} if f"/{service}/" in path else {})}.items():
            path = path.replace(name, file)
        for token in ({}, {"Authorization": "Bearer nonsense"}):
            url = stage.scene.client.system.processes[service] + path
            async with stage.http.request(method, url, headers=token) as answer:
                assert answer.status == 200, f"{route} {token}"
