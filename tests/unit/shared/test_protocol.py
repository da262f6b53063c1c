"""A connection: heads within a size and a time, early answers that outlive their bodies, and one form of errors."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from fastapi import APIRouter

from shared.base.models import Input
from shared.http.authorisation import NationalOperator
from shared.http.protocol import LARGEST_HEAD, LONGEST_URL, Protocol
from shared.http.routes import Route
from tests.drivers.asking import Asked
from tests.drivers.connection import served, told, within

GET = b"GET /livez HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n"


class Hasty(Protocol):
    """Gives up at once: for what is to be too slow."""

    head_seconds = 0.3


class Brisk(Protocol):
    """Gives up while a test waits, but not on a test that a busy machine holds up."""

    head_seconds = 2.0


def routers() -> list[APIRouter]:
    router = APIRouter(route_class=Route)

    @router.post("/things")
    async def put(who: NationalOperator, thing: Input) -> None:
        """Takes nothing."""

    return [router]


@pytest.fixture(scope="module")
async def port() -> AsyncIterator[int]:
    async with served(Asked(routers()).app) as port:
        yield port


@pytest.fixture(scope="module")
async def hasty() -> AsyncIterator[int]:
    async with served(Asked(routers()).app, Hasty) as port:
        yield port


@pytest.fixture
async def brisk() -> AsyncIterator[int]:
    async with served(Asked(routers()).app, Brisk) as port:
        yield port


@pytest.mark.parametrize(
    ("sent", "status", "type"),
    [
        ([b"what?\r\n\r\n"], 400, "malformed-request"),
        ([b"GET /livez HTTP/1.1\r\nno header\r\n\r\n"], 400, "malformed-request"),
        ([b"GET /\xff HTTP/1.1\r\n\r\n"], 400, "malformed-request"),
        ([b"POST /things HTTP/1.1\r\nContent-Length: x\r\n\r\n"], 400, "malformed-request"),
        ([b"POST /things HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"], 400, "malformed-request"),
        ([GET, b"A: %s" % (b"x" * LARGEST_HEAD)], 431, "head-too-large"),
        ([GET, *[b"A: x\r\n" * 2000] * 20], 431, "head-too-large"),
    ],
)
async def test_what_the_server_itself_answers_has_the_one_form(
    port: int, sent: list[bytes], status: int, type: str
) -> None:
    answered, headers, problem = await told(port, *sent)
    assert (answered, problem["status"], problem["type"]) == (status, status, type)
    assert (headers["content-type"], headers["connection"]) == ("application/problem+json", "close")


@pytest.mark.parametrize("sent", [GET, b"GET /livez"])
async def test_a_head_that_does_not_go_on_is_told_so(hasty: int, sent: bytes) -> None:
    answered, headers, problem = await told(hasty, sent)
    assert (answered, problem["status"], problem["type"]) == (408, 408, "too-slow")
    assert (headers["content-type"], headers["connection"]) == ("application/problem+json", "close")


@pytest.mark.parametrize(
    ("head", "status", "type"),
    [
        (b"GET /%s HTTP/1.1\r\n" % (b"x" * LONGEST_URL), 414, "url-too-long"),
        (b"GET /%s HTTP/1.1\r\n" % (b"x" * 70_000), 414, "url-too-long"),
        (GET + b"A: %s\r\n" % (b"x" * LARGEST_HEAD), 431, "head-too-large"),
        (POST + b"A: %s\r\n" % (b"x" * LARGEST_HEAD), 431, "head-too-large"),
    ],
)
async def test_a_head_that_is_there_and_too_large_is_answered(port: int, head: bytes, status: int, type: str) -> None:
    answered, headers, problem = await told(port, head + b"Connection: close\r\n\r\n")
    assert (answered, problem["type"]) == (status, type)
    assert headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("chunk", [b"zz\r\n{", b"1\r\n{xx", b"fffffffffffffffff\r\n{"])
async def test_a_body_that_breaks_while_it_is_answered_is_one_answer_and_no_error_of_ours(
    port: int, chunk: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    head = POST.replace(b"Content-Length: 1000", b"Transfer-Encoding: chunked")
    answered, _, problem = await told(port, head + b"\r\n" + chunk)
    assert (answered, problem["type"]) == (400, "malformed-request")
    assert "request failed" not in capfd.readouterr().out


async def test_a_head_that_drips_is_not_waited_for(hasty: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", hasty)

    async def drip() -> None:
        writer.write(GET)
        while True:
            writer.write(b"A: x\r\n")
            await asyncio.sleep(0.05)

    dripping = asyncio.create_task(drip())
    assert (await within(reader.readline())).split()[1] == b"408"
    dripping.cancel()
    writer.close()


async def test_who_says_nothing_is_left(hasty: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", hasty)
    assert await within(reader.read()) == b""
    writer.close()


@pytest.mark.parametrize("drips", [False, True])
async def test_a_body_without_a_token_is_answered_before_it_comes_and_not_waited_for(hasty: int, drips: bool) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", hasty)

    async def drip() -> None:
        while drips:
            writer.write(b" ")
            await asyncio.sleep(0.05)

    writer.write(POST + b"\r\n{")
    assert (await within(reader.readline())).split()[1] == b"401"
    dripping = asyncio.create_task(drip())
    with suppress(ConnectionResetError):  # what drips behind the end is refused by the kernel
        await within(reader.read())  # the rest of the answer, and then the end
    dripping.cancel()
    writer.close()


async def test_a_body_that_was_answered_early_and_comes_leaves_the_connection_open(brisk: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", brisk)
    writer.write(POST + b"\r\n{")
    assert (await within(reader.readline())).split()[1] == b"401"
    await reader.readuntil(b"}")
    writer.write(b" " * 999)
    await asyncio.sleep(1.1 * Brisk.head_seconds)
    writer.write(GET + b"Connection: close\r\n\r\n")
    assert (await within(reader.read())).split()[1] == b"200"
    writer.close()
