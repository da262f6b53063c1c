"""The route of a path is found as the framework finds it, though it is looked for among few."""

import pytest
from fastapi import APIRouter
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope

from shared.http.application import ByShape
from shared.http.routes import router_of

PATHS = ("/slots", "/slots/{id}", "/slots/{id}/bookings", "/slots/batch", "/slots/{id}/{kind}", "/slots/{id}.png")
OPEN = ("/{kind}", "/batch", "/files/{path:path}", "/bookings/{id}", "/{kind}/{id}")
"""Behind some of them stands one that they hide."""


async def nothing() -> Response:
    """Answers nothing."""
    return Response()


@pytest.fixture(scope="module")
def router() -> APIRouter:
    router = router_of("trials")
    for path in (*PATHS, *OPEN):
        router.add_api_route(path, nothing, methods=["GET"])
    return router


async def found(app: ASGIApp, path: str, method: str, root: str) -> tuple[object, object, int]:
    """The path of the route that answers, its parameters, and the status."""
    status: list[int] = []

    async def send(message: Message) -> None:
        status.append(message.get("status", 0))

    receive: Receive = _nothing_more
    scope: Scope = {"type": "http", "path": path, "method": method, "root_path": root}
    scope.update(query_string=b"", headers=[], app=None)
    try:
        await app(scope, receive, send)
    except HTTPException as refused:
        status.append(refused.status_code)
    return getattr(scope.get("route"), "path", None), scope.get("path_params"), status[0]


async def _nothing_more() -> Message:
    return {"type": "http.disconnect"}


@given(
    st.lists(
        st.sampled_from(["", "trials", "slots", "batch", "bookings", "files", "a.png", "%2F", "слот", "\n"]), max_size=6
    ),
    st.sampled_from(["GET", "POST"]),
    st.sampled_from(["", "/root"]),
)
@example(["trials", "slots", "1", "bookings"], "GET", "")
@example(["trials", "files", "1", "2", "3"], "GET", "")
@example(["trials", "batch"], "GET", "")
@example(["root", "trials", "slots", "1.png"], "GET", "/root")
async def test_a_route_is_found_as_by_the_framework(
    router: APIRouter, parts: list[str], method: str, root: str
) -> None:
    path = "/" + "/".join(parts)
    assert await found(ByShape(router), path, method, root) == await found(router, path, method, root)
