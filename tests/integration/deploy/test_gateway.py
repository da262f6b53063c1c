"""Caddy before a service: half a request is answered or ended, nothing costs memory, and errors have the one form."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from deploy.gateway import caddy as gateway
from deploy.programs.ports import free_port
from deploy.programs.processes import spawn
from shared.base.models import Input
from shared.http.authorisation import NationalOperator
from shared.http.routes import Route
from tests.drivers.asking import Asked
from tests.drivers.connection import served, told, within
from tests.drivers.consumers import eventually

MB = 1_000_000
POST = b"POST /trials/things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
CHUNKED = POST + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
GET = b"GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"


def routers() -> list[APIRouter]:
    router = APIRouter(route_class=Route, prefix="/trials")

    @router.post("/things", max_body_size=4 * MB)
    async def put(who: NationalOperator, thing: Input) -> None:
        """Takes nothing."""

    @router.get("/stream")
    async def stream() -> StreamingResponse:
        async def events() -> AsyncIterator[bytes]:
            for number in range(3):
                yield b"data: %d\n\n" % number
                await asyncio.sleep(0.5)

        return StreamingResponse(events(), media_type="text/event-stream")

    return [router]


@dataclass(frozen=True)
class Door:
    """A gateway's port, its process, and who may pass."""

    port: int
    pid: int
    log: Path
    asked: Asked

    @property
    def resident(self) -> int:
        """Bytes of memory that the gateway takes."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.fixture(scope="module")
async def door(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Door]:
    folder = tmp_path_factory.mktemp("gateway")
    asked = Asked(routers())
    asked.app.state.body_seconds = 1.0
    async with AsyncExitStack() as stack:
        service = await stack.enter_async_context(served(asked.app))
        port = free_port()
        upstreams = {"trials": [f"127.0.0.1:{service}"], "absent": [f"127.0.0.1:{free_port()}"]}
        config = folder / "Caddyfile"
        config.write_text(
            gateway.caddyfile(port, upstreams, [], None).replace("lb_try_duration 10s", "lb_try_duration 1s")
        )
        child = await spawn(gateway.program(config, os.environ, folder / "log"))
        stack.push_async_callback(child.stop)
        await eventually(lambda: _listens(port))
        yield Door(port, child.pid, folder / "log", asked)


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


@pytest.mark.parametrize(
    ("sent", "status", "type"),
    [
        ([POST + b"Content-Length: 1000\r\nConnection: close\r\n\r\n{"], 401, "unauthenticated"),
        ([GET % b"/trials/things" + b"A: %s\r\n\r\n" % (b"x" * 200_000)], 431, "head-too-large"),
        ([GET % (b"/trials/" + b"x" * 9000) + b"\r\n"], 414, "url-too-long"),
        ([GET % b"/trials/nothing" + b"\r\n"], 404, "not-found"),
        ([GET % b"/nothing" + b"\r\n"], 404, "not-found"),
        ([GET % b"/trials/things" + b"\r\n"], 405, "method-not-allowed"),
        ([GET % b"/absent/things" + b"\r\n"], 502, "unavailable"),
        ([CHUNKED + b"zz\r\n{"], 400, "malformed-request"),
        ([CHUNKED + b"1\r\n{xx"], 400, "malformed-request"),
        ([CHUNKED + b"f" * 20 + b"\r\n{"], 400, "malformed-request"),
        ([CHUNKED + b"1\r\n{\r\n0\r\nno trailer\r\n\r\n"], 400, "malformed-request"),
    ],
)
async def test_every_error_has_the_one_form(door: Door, sent: list[bytes], status: int, type: str) -> None:
    answered, headers, problem = await told(door.port, *sent)
    assert (answered, problem["status"], problem["type"]) == (status, status, type)
    assert headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("length", "body", "status"),
    [
        (b"Content-Length: 1000", b"{", 408),
        (b"Content-Length: 9000000", b"{", 413),
        (b"Transfer-Encoding: chunked", b"1\r\n{\r\n", 408),
    ],
)
async def test_who_may_send_is_not_waited_for_either(door: Door, length: bytes, body: bytes, status: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(POST + b"Authorization: %s\r\n%s\r\n\r\n%s" % (door.asked.bearer().encode(), length, body))
    line = await within(reader.readline())
    writer.close()
    assert int(line.split()[1]) == status


async def test_a_body_that_ends_too_early_is_no_failure_of_a_service(door: Door) -> None:
    """Who has half closed the connection has left, if the gateway sees it before the service says what is wrong."""
    for length in (b"Content-Length: 1000", b"Transfer-Encoding: chunked"):
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(POST + b"Authorization: %s\r\n%s\r\n\r\n1\r\n" % (door.asked.bearer().encode(), length))
        writer.write_eof()
        answer = await within(reader.read())
        writer.close()
        assert answer == b"" or int(answer.split()[1]) in (400, 499)


async def test_the_log_of_the_gateway_names_no_address_of_a_client(door: Door) -> None:
    """Go's server has words for a connection whose body nobody reads any more."""
    for _ in range(3):
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(POST + b"Expect: 100-continue\r\nContent-Length: 1000\r\n\r\n")
        await within(reader.readuntil(b"no bearer token"))
        writer.close()
    await asyncio.sleep(0.2)
    assert "127.0.0.1:" not in door.log.read_text().replace(f"127.0.0.1:{door.port}", "")


async def test_a_stream_comes_as_it_is_told(door: Door) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(GET % b"/trials/stream" + b"\r\n")
    answer = await within(reader.read())
    assert [answer.count(b"data: %d" % number) for number in range(3)] == [1, 1, 1]
    writer.close()


@pytest.mark.parametrize(
    "half", [POST + b"Content-Length: 1000000\r\n\r\n" + b"x" * 50_000, POST + b"A: " + b"x" * 50_000]
)
async def test_three_hundred_half_requests_cost_nothing_worth_mentioning(door: Door, half: bytes) -> None:
    before = door.resident
    connections = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", door.port) for _ in range(300)))
    try:
        for _, writer in connections:
            writer.write(half)
        async with asyncio.timeout(20):
            await asyncio.gather(*(writer.drain() for _, writer in connections))
            if b"\r\n\r\n" in half:
                first = await asyncio.gather(*(reader.readline() for reader, _ in connections))
                assert {line.split()[1] for line in first} == {b"401"}
        assert door.resident - before < 60 * MB
    finally:
        for _, writer in connections:
            writer.close()
