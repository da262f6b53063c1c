"""A route judges by the headers alone: who asks, what for, and how large the body is, before any of it is read."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest

from shared.http.large_bodies import LARGE, MOST_READ, PART, LargeBodies
from shared.http.routes import LARGEST_BODY
from tests.builders.routes import routes
from tests.drivers.asking import Asked


@pytest.fixture(scope="module")
def asked() -> Asked:
    return Asked([routes()])


@pytest.mark.parametrize("path", ["/things", "/lists"])
@pytest.mark.parametrize("authorization", [None, "Basic x", "Bearer x"])
async def test_without_a_token_nothing_of_the_body_is_read(asked: Asked, path: str, authorization: str | None) -> None:
    answer = await asked.ask("POST", path, pieces=[b"{"], headers={"authorization": authorization})
    assert (answer.status, answer.read) == (401, 0)


async def test_without_the_role_nothing_of_the_body_is_read(asked: Asked) -> None:
    answer = await asked.ask("POST", "/things", pieces=[b"{"], headers={"authorization": asked.bearer("pupil", None)})
    assert (answer.status, answer.read) == (403, 0)


async def test_two_tokens_are_none(asked: Asked) -> None:
    answer = await asked.ask("GET", "/things/1", headers={"Authorization": asked.bearer()})
    assert answer.status == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": None},
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "application/json; charset=windows-1251"},
        {"content-encoding": "gzip"},
    ],
)
async def test_another_kind_of_body_is_not_read(asked: Asked, headers: dict[str, str | None]) -> None:
    answer = await asked.ask("POST", "/things", {}, headers=headers)
    assert (answer.status, answer.body["type"], answer.read) == (415, "unsupported-media-type", 0)


@pytest.mark.parametrize(
    "kind", ["application/json", "Application/JSON;charset=UTF-8", 'application/json; charset="utf-8"']
)
async def test_json_in_utf_8_is_taken(asked: Asked, kind: str) -> None:
    answer = await asked.ask("POST", "/things", {"name": "Ё"}, headers={"content-type": kind})
    assert (answer.status, answer.body) == (200, {"name": "Ё"})


@pytest.mark.parametrize(("path", "most"), [("/things", LARGEST_BODY), ("/lists", 1024)])
async def test_a_body_beyond_its_route_s_limit_is_refused_by_its_length(asked: Asked, path: str, most: int) -> None:
    fits = await asked.ask("POST", path, b"[]".ljust(most))
    assert (fits.status, fits.read) == (422, 1)
    answer = await asked.ask("POST", path, b"[]".ljust(most + 1))
    assert (answer.status, answer.body["type"], answer.read) == (413, "body-too-large", 0)


async def test_a_body_of_unknown_length_is_read_up_to_the_limit(asked: Asked) -> None:
    answer = await asked.ask("POST", "/lists", pieces=[b" " * 500] * 9)
    assert (answer.status, answer.read) == (413, 3)


async def test_a_body_that_does_not_come_is_given_up_and_the_connection_with_it(asked: Asked) -> None:
    asked.app.state.body_seconds = 0.01
    try:
        answer = await asked.ask("POST", "/things", pieces=[b"{"])
    finally:
        del asked.app.state.body_seconds
    assert (answer.status, answer.body["type"], answer.headers["connection"]) == (408, "too-slow", "close")


@pytest.mark.parametrize("gate", [lambda gates: gates.read.passed(MOST_READ), lambda gates: gates.served.taken()])
async def test_a_large_body_waits_for_its_turn_and_its_clock_does_not_run_meanwhile(
    asked: Asked, gate: Callable[[LargeBodies], AbstractAsyncContextManager[None]]
) -> None:
    large, small = b"x" * LARGE, b"x" * (LARGE - 4)
    asked.app.state.body_seconds = 0.01
    try:
        async with gate(asked.app.state.large_bodies):
            waits = asyncio.create_task(asked.ask("POST", "/texts", b'["%s"]' % large))
            assert (await asked.ask("POST", "/texts", b'["%s"]' % small)).body == len(small)
            await asyncio.sleep(0.05)
            assert not waits.done()
        assert (await waits).body == len(large)
    finally:
        del asked.app.state.body_seconds


async def test_a_body_of_unknown_length_counts_as_its_route_s_largest(asked: Asked) -> None:
    async with asked.app.state.large_bodies.read.passed(MOST_READ):
        waits = asyncio.create_task(asked.ask("POST", "/texts", pieces=[b"x" * PART * LARGE, b"x"]))
        await asyncio.sleep(0.05)
        assert not waits.done()
    assert (await waits).status == 413


async def test_many_large_bodies_that_one_account_sends_slowly_keep_nobody_else_out(asked: Asked) -> None:
    slow = {"authorization": asked.bearer(subject="slow")}
    half = b'["%s' % (b"x" * LARGE)
    sending = [asyncio.create_task(asked.ask("POST", "/texts", pieces=[half], headers=slow)) for _ in range(200)]
    await asyncio.sleep(0.05)
    assert (await asked.ask("POST", "/texts", b'["%s"]' % (b"x" * LARGE))).body == LARGE
    assert not any(task.done() for task in sending)
    for task in sending:
        task.cancel()


async def test_a_body_that_no_route_reads_is_refused(asked: Asked) -> None:
    answer = await asked.ask("GET", "/things/1", {"day": "2020-09-14"})
    assert (answer.status, answer.pointers, answer.read) == (422, [""], 0)


@pytest.mark.parametrize(
    ("query", "pointers"),
    [
        ("dya=2020-09-14", ["query:dya"]),
        ("day=2020-09-14&day=2020-09-15", ["query:day"]),
        ("dya=1&dya=2&x", ["query:dya", "query:dya", "query:x"]),
        ("day=1600000000", ["query:day"]),
        ("day=%ff", ["query:day"]),
        ("limit=%00", ["query:limit"]),
        ("limit=10", ["query:limit"]),
    ],
)
async def test_a_parameter_that_is_not_understood_is_refused(asked: Asked, query: str, pointers: list[str]) -> None:
    answer = await asked.ask("GET", f"/things/1?{query}")
    assert (answer.status, answer.pointers) == (422, pointers)


async def test_a_header_that_is_given_twice_is_refused(asked: Asked) -> None:
    answer = await asked.ask("GET", "/things/1", headers={"idempotency-key": "a", "Idempotency-Key": "b"})
    assert (answer.status, answer.pointers) == (422, ["header:idempotency-key"])


@pytest.mark.parametrize(
    ("method", "path", "header"),
    [
        ("POST", "/things", "If-Match"),
        ("POST", "/things", "If-None-Match"),
        ("POST", "/things", "If-Unmodified-Since"),
        ("GET", "/things/1", "If-Match"),
    ],
)
async def test_a_condition_that_is_not_judged_is_refused(asked: Asked, method: str, path: str, header: str) -> None:
    body = {"name": "x"} if method == "POST" else None
    answer = await asked.ask(method, path, body, headers={header: '"0"'})
    assert (answer.status, answer.pointers) == (422, [f"header:{header}"])


async def test_a_parameter_is_parsed_from_its_text(asked: Asked) -> None:
    assert (await asked.ask("GET", "/things/1?day=2020-09-14&limit=9")).body == ["1", "2020-09-14", 9]
