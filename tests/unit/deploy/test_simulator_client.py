"""How the simulator sends a command, against small real HTTP servers: what is tried again, and what is final."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from aiohttp import web

from deploy.simulator.client import Refused
from deploy.simulator.command import NATIONAL_OPERATOR, Batch, Command, PlayError
from tests.drivers.answering import problem, serving

BATCH = Command("POST", "/things", "/things", {"things": [{"ref": "a"}, {"ref": "b"}]}, Batch("things", "ref"))


@pytest.mark.parametrize(
    ("first", "reason"),
    [
        (lambda: problem(503, "unavailable"), "503 unavailable"),
        (lambda: problem(429, "too-many"), "429 too-many"),
        (lambda: problem(409, "not-known-yet", retryable=True), "409 not-known-yet"),
        (lambda: web.Response(status=502, text="bad gateway"), "502"),
    ],
)
async def test_what_may_be_retried_is_retried(first: Callable[[], web.Response], reason: str) -> None:
    answers = [first(), web.json_response({"fine": True})]

    async def handler(request: web.Request) -> web.Response:
        return answers.pop(0)

    async with serving(handler) as client:
        assert await client.perform(NATIONAL_OPERATOR, Command("PUT", "/x", "/x", {})) == [{"fine": True}]
        assert client.traffic.retries == {reason: 1}
        assert client.traffic.requests["PUT /x", "national-operator"] == 2


async def test_a_lost_connection_is_tried_again() -> None:
    tries = Counter[str]()

    async def handler(request: web.Request) -> web.Response:
        tries["all"] += 1
        if tries["all"] == 1:
            assert request.transport is not None
            request.transport.abort()
        return web.json_response({})

    async with serving(handler) as client:
        await client.perform(NATIONAL_OPERATOR, Command("POST", "/x", "/x", {}))
        assert tries["all"] == 2
        assert client.traffic.retries.total() == 1


async def test_only_the_entries_that_wait_are_sent_again() -> None:
    seen: list[list[str]] = []

    async def handler(request: web.Request) -> web.Response:
        refs = [thing["ref"] for thing in (await request.json())["things"]]
        seen.append(refs)
        later = {"status": "rejected", "problem": {"type": "not-known-yet", "retryable": True}}
        items = [{"ref": r, "status": "created"} | (later if r == "b" and len(seen) < 3 else {}) for r in refs]
        return web.json_response({"items": items})

    async with serving(handler) as client:
        items = await client.perform(NATIONAL_OPERATOR, BATCH)
        assert [item["ref"] for item in items] == ["a", "b"]
        assert seen == [["a", "b"], ["b"], ["b"]]
        assert client.traffic.retries == {"entry not-known-yet": 2}
        assert client.traffic.commands == 2


async def test_a_refusal_by_which_an_earlier_play_was_further_is_an_answer() -> None:
    async def handler(request: web.Request) -> web.Response:
        if request.method == "DELETE":
            return problem(422, "bad-input")
        items = [{"ref": "a", "status": "created"}, {"ref": "b", "status": "rejected", "problem": {"type": "gone"}}]
        return web.json_response({"items": items})

    async with serving(handler) as client:
        items = await client.perform(NATIONAL_OPERATOR, replace(BATCH, done=frozenset({"gone"})))
        assert [item["ref"] for item in items] == ["a", "b"]
        once = Command("DELETE", "/x", "/x", done=frozenset({"bad-input"}))
        (answer,) = await client.perform(NATIONAL_OPERATOR, once)
        assert answer["problem"]["type"] == "bad-input"
        with pytest.raises(Refused):
            await client.perform(NATIONAL_OPERATOR, replace(once, done=frozenset({"other"})))


async def test_an_entry_that_waits_for_another_service_is_sent_again() -> None:
    seen: list[int] = []

    async def handler(request: web.Request) -> web.Response:
        refs = [thing["ref"] for thing in (await request.json())["things"]]
        seen.append(len(refs))
        later = {"status": "rejected", "problem": {"type": "consent-missing"}}
        items = [{"ref": r, "status": "created"} | (later if r == "b" and len(seen) < 2 else {}) for r in refs]
        return web.json_response({"items": items})

    async with serving(handler) as client:
        await client.perform(NATIONAL_OPERATOR, replace(BATCH, awaited=frozenset({"consent-missing"})))
        assert seen == [2, 1]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            lambda: problem(422, "bad-input", errors=[{"pointer": "/things/1/grade", "detail": "too high"}]),
            "422 bad-input: why (/things/1/grade: too high)",
        ),
        (lambda: web.Response(status=500, text="oops"), "500 no problem document"),
        (
            lambda: web.json_response(
                {"items": [{"ref": "a", "status": "rejected", "problem": {"type": "full", "detail": "no seat"}}]}
            ),
            "200 full: no seat",
        ),
    ],
)
async def test_a_refusal_is_final_and_says_why(answer: Callable[[], web.Response], message: str) -> None:
    async def handler(request: web.Request) -> web.Response:
        return answer()

    async with serving(handler) as client:
        with pytest.raises(Refused) as refusal:
            await client.perform(NATIONAL_OPERATOR, BATCH)
        assert message in str(refusal.value)
        assert "POST /things" in str(refusal.value)
        assert client.traffic.requests.total() == 1


async def test_an_entry_without_an_answer_is_an_error() -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.json_response({"items": [{"ref": "a", "status": "created"}]})

    async with serving(handler) as client:
        with pytest.raises(PlayError, match="no answer for 1 entries, as b"):
            await client.perform(NATIONAL_OPERATOR, BATCH)


async def test_patience_ends() -> None:
    async def handler(request: web.Request) -> web.Response:
        return problem(503, "unavailable")

    async with serving(handler, patience=0.2) as client:
        with pytest.raises(PlayError, match="tries in 0 s, the last: 503 unavailable"):
            await client.perform(NATIONAL_OPERATOR, Command("PUT", "/x", "/x", {}))
