"""An endpoint is called, and its answer sent, as by the framework's own handler."""

from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel

from shared.http.endpoints import is_plain
from shared.http.routes import Route
from tests.builders.routes import Thing
from tests.drivers.asking import Asked

Limit = Annotated[int, Query(ge=1, le=9)]
asked_for: list[int] = []


class Made(BaseModel):
    """An answer with a field that may be missing."""

    parameters: dict[str, Any]
    nothing: str | None = None


async def limited(response: Response, limit: Limit = 1) -> int:
    """Says something about the response, and is asked by two."""
    response.headers["X-Limit"] = str(limit)
    asked_for.append(limit)
    return limit


async def doubled(request: Request, limit: Annotated[int, Depends(limited)], word: str) -> str:
    """Asks another dependency, and has a parameter of its own."""
    return f"{word} {limit * 2} {request.method}"


def routes(router: APIRouter, prefix: str) -> APIRouter:
    """The same routes under each prefix."""

    @router.post(f"{prefix}/made/{{number}}", status_code=201, response_model_exclude_none=True)
    async def make(
        number: int,
        thing: Thing,
        response: Response,
        limit: Annotated[int, Depends(limited)],
        both: Annotated[str, Depends(doubled)],
        x_key: Annotated[list[str] | None, Header()] = None,
    ) -> Made:
        if number == 7:
            response.status_code = 200
        return Made(parameters={"number": number, "thing": thing.name, "limit": limit, "both": both, "key": x_key})

    @router.post(f"{prefix}/maybe")
    async def maybe(thing: Thing | None = None) -> Thing | None:
        return thing

    @router.post(f"{prefix}/raw")
    async def raw(thing: Thing) -> Response:
        return Response(thing.name, 202)

    return router


@pytest.fixture(scope="module")
def asked() -> Asked:
    return Asked([routes(APIRouter(route_class=Route), "/ours"), routes(APIRouter(), "/theirs")])


@pytest.mark.parametrize("path", ["/made/1?word=a", "/made/7?word=a&limit=9", "/made/x?limit=0", "/maybe", "/raw"])
@pytest.mark.parametrize("body", [{}, {"name": "a"}, {"name": 1, "number": 11}, [], {"unknown": 1}])
async def test_the_answer_is_that_of_the_framework(asked: Asked, path: str, body: object) -> None:
    headers = {"x-key": "k"}
    ours, theirs = [await asked.ask("POST", f"{who}{path}", body, headers=headers) for who in ("/ours", "/theirs")]
    assert (ours.status, ours.headers, ours.body) == (theirs.status, theirs.headers, theirs.body)


async def test_a_dependency_is_asked_once_for_all_who_name_it(asked: Asked) -> None:
    asked_for.clear()
    await asked.ask("POST", "/ours/made/1?word=a&limit=3", {})
    assert asked_for == [3]


def test_only_what_is_answered_in_one_piece_is_called_so(asked: Asked) -> None:
    async def stream() -> Any:
        yield b"a"

    def in_a_thread() -> int:
        return 1

    router = APIRouter()
    router.add_api_route("/stream", stream)
    router.add_api_route("/thread", in_a_thread)
    assert not any(is_plain(route) for route in router.routes if isinstance(route, APIRoute))
    assert all(is_plain(route) for route in asked.routers[0].routes if isinstance(route, APIRoute))
