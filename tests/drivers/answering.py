"""A platform that answers a client of the simulator as a test says."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from deploy.simulator.client import Client

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handler: Handler, patience: float = 10.0) -> AsyncIterator[Client]:
    """A client of a server that answers every request by this handler."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        yield Client(session, str(server.make_url("/")), signed, Random(1), patience)


def signed(subject: str, grants: Sequence[Mapping[str, str]]) -> str:
    return f"{subject} as {grants[0]['role']}"


def problem(status: int, slug: str, **more: Any) -> web.Response:
    return web.json_response({"type": slug, "detail": "why", "status": status, **more}, status=status)
