"""The HTTP face: whatever the framework answers has the one form of errors, and no path is redirected."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from fastapi import APIRouter
from fastapi.sse import EventSourceResponse, ServerSentEvent

from shared.http.routes import Route
from tests.drivers.asking import Asked


@pytest.fixture(scope="module")
def asked() -> Asked:
    router = APIRouter(route_class=Route)

    @router.post("/taken")
    async def taken() -> int:
        return 1

    @router.post("/broken")
    async def broken() -> None:
        raise RuntimeError("a fault of ours")

    @router.get("/shown")
    async def shown() -> list[int]:
        return [1]

    @router.get("/stream", response_class=EventSourceResponse)
    async def stream() -> AsyncIterator[ServerSentEvent]:
        while True:
            yield ServerSentEvent(data="on and on")

    return Asked([router])


@pytest.mark.parametrize(("path", "status"), [("/taken", 200), ("/taken/", 404), ("/other", 404)])
async def test_a_path_is_answered_as_it_is_and_never_redirected(asked: Asked, path: str, status: int) -> None:
    assert (await asked.ask("POST", path)).status == status


@pytest.mark.parametrize(
    ("method", "path", "status", "type"),
    [
        ("POST", "/other", 404, "not-found"),
        ("GET", "/taken", 405, "method-not-allowed"),
        ("BREW", "/taken", 405, "method-not-allowed"),
        ("POST", "/taken?x=1", 422, "bad-input"),
        ("POST", "/broken", 500, "internal-error"),
    ],
)
async def test_errors_of_the_framework_have_the_one_form(
    asked: Asked, method: str, path: str, status: int, type: str
) -> None:
    answer = await asked.ask(method, path)
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status, answer.body["status"], answer.body["type"]) == (status, status, type)
    if status == 405:
        assert answer.headers["allow"] == "POST"


async def test_head_is_answered_as_get_is(asked: Asked) -> None:
    head, get = [await asked.ask(method, "/shown") for method in ("HEAD", "GET")]
    assert (head.status, head.headers) == (get.status, get.headers)
    assert (await asked.ask("HEAD", "/taken")).status == 405
    assert (await asked.ask("PUT", "/shown")).headers["allow"] == "GET, HEAD"


async def test_a_stream_that_is_asked_for_its_head_ends_with_it(
    asked: Asked, capfd: pytest.CaptureFixture[str]
) -> None:
    async with asyncio.timeout(10):
        answer = await asked.ask("HEAD", "/stream")
    assert (answer.status, answer.body) == (200, b"")
    assert "request failed" not in capfd.readouterr().out


async def test_the_document_of_a_service_is_kept_and_sent_again_only_when_it_changes(asked: Asked) -> None:
    plain = await asked.ask("GET", "/test/openapi.json")
    assert "/shown" in plain.body["paths"]
    tag = plain.headers["etag"]
    packed = {"accept-encoding": "gzip", "if-none-match": f'{tag[:-1]}-gzip"'}
    for headers in ({"if-none-match": tag}, packed):
        again = await asked.ask("GET", "/test/openapi.json", headers=headers)
        assert (again.status, again.body) == (304, b"")
