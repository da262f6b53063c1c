"""Who may keep an answer: nobody where it is one person's, unless its route says so."""

from collections.abc import AsyncIterator

import pytest
from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from shared.base.errors import Conflict
from shared.http.authorisation import NationalOperator
from shared.http.routes import Route
from tests.drivers.asking import Answer, Asked


@pytest.fixture(scope="module")
def asked() -> Asked:
    router = APIRouter(route_class=Route)

    @router.get("/personal")
    async def personal(who: NationalOperator) -> str:
        return who.subject

    @router.get("/refused")
    async def refused(who: NationalOperator) -> None:
        raise Conflict("not now")

    @router.get("/broken")
    async def broken(who: NationalOperator) -> None:
        raise RuntimeError("a fault of ours")

    @router.get("/stream", response_class=EventSourceResponse)
    async def stream(who: NationalOperator) -> AsyncIterator[ServerSentEvent]:
        yield ServerSentEvent(data=who.subject)

    @router.get("/figures")
    async def figures(who: NationalOperator) -> Response:
        return JSONResponse({}, headers={"Cache-Control": "private, no-cache"})

    @router.get("/open")
    async def anybody() -> Response:
        return JSONResponse({})

    return Asked([router])


def kept(answer: Answer) -> str | None:
    assert answer.headers["x-content-type-options"] == "nosniff"
    return answer.headers.get("cache-control")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/personal", 200),
        ("/stream", 200),
        ("/personal?unknown=1", 422),
        ("/refused", 409),
        ("/broken", 500),
        ("/nowhere", 404),
    ],
)
async def test_nobody_keeps_an_answer_to_a_principal_or_a_problem(asked: Asked, path: str, status: int) -> None:
    answer = await asked.ask("GET", path)
    assert (answer.status, kept(answer)) == (status, "no-store")


@pytest.mark.parametrize(("bearer", "status"), [(None, 401), ("Bearer x", 401)])
async def test_nobody_keeps_a_refusal_of_a_token(asked: Asked, bearer: str | None, status: int) -> None:
    answer = await asked.ask("GET", "/personal", headers={"authorization": bearer})
    assert (answer.status, kept(answer)) == (status, "no-store")


async def test_a_route_may_say_otherwise(asked: Asked) -> None:
    assert kept(await asked.ask("GET", "/figures")) == "private, no-cache"


async def test_what_is_for_everybody_may_be_kept(asked: Asked) -> None:
    assert kept(await asked.ask("GET", "/open")) is None
