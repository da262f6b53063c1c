"""Callers that leave in the middle, over a real socket: no log tells of a failure, and the process goes on."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator

import pytest
import uvicorn
from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.types import ASGIApp, Receive, Scope, Send

from deploy.programs.ports import free_port
from shared.http.routes import Route
from tests.drivers.asking import Asked

LARGE = 1_000_000
LINGER = struct.pack("ii", 1, 0)
"""Closing then resets the connection."""
REQUESTS = {
    "a stream of small events": b"GET /events?size=1 HTTP/1.1\r\nHost: x\r\n\r\n",
    "a stream that is not read": b"GET /events?size=1000000 HTTP/1.1\r\nHost: x\r\n\r\n",
    "an answer in parts": b"GET /parts HTTP/1.1\r\nHost: x\r\n\r\n",
    "a long poll": b"GET /poll HTTP/1.1\r\nHost: x\r\n\r\n",
    "half a body": b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{",
}


class Served:
    """An application that says how many requests it serves at the moment."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.count = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.count += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self.count -= 1


def _routes() -> APIRouter:
    router = APIRouter(route_class=Route)

    @router.get("/events", response_class=EventSourceResponse)
    async def events(size: int) -> AsyncIterator[ServerSentEvent]:
        while True:
            yield ServerSentEvent(data="x" * size)
            await asyncio.sleep(0.001)

    @router.get("/parts")
    async def parts() -> Response:
        async def body() -> AsyncIterator[bytes]:
            while True:
                yield b"x" * LARGE
                await asyncio.sleep(0.001)

        return StreamingResponse(body())

    @router.get("/poll")
    async def poll() -> str:
        await asyncio.sleep(0.2)
        return "x" * LARGE

    @router.post("/body")
    async def body(value: dict[str, int]) -> dict[str, int]:
        return value

    return router


async def _until(served: Served, count: int) -> None:
    async with asyncio.timeout(10):
        while served.count != count:
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
async def test_a_caller_that_leaves_is_no_failure(
    request_: bytes, reset: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    served, port = Served(Asked([_routes()]).app), free_port()
    server = uvicorn.Server(uvicorn.Config(served, port=port, lifespan="off", log_level="error", access_log=False))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.005)
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", port)) as caller:
            caller.sendall(request_)
            await asyncio.sleep(0.1)  # by then what is not read has filled every buffer
            if reset:
                caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER)
        await _until(served, 0)
    server.should_exit = True
    await serving
    assert "".join(capfd.readouterr()) == ""
