"""Routes that take a body of each kind."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from pydantic import Field

from shared.base.models import Count, Input
from shared.http.authorisation import NationalOperator, SchoolStaff
from shared.http.large_bodies import LARGE, PART
from shared.http.routes import Route
from shared.programme.moments import Day, Moment

Short = Annotated[str, Field(max_length=10)]


class Part(Input):
    """Something inside a thing."""

    code: Short


class Thing(Input):
    """A body with a field of each kind."""

    name: Short | None = None
    number: Annotated[int, Field(ge=0, le=10)] = 0
    flag: bool = False
    day: Day | None = None
    at: Moment | None = None
    parts: Annotated[tuple[Part, ...], Count(0, 100)] = ()
    words: Annotated[dict[Short, Short], Count(0, 100)] = Field(default_factory=dict)


def routes() -> APIRouter:
    """Routes with all that a request can be wrong in."""
    router = APIRouter(route_class=Route)

    @router.post("/things")
    async def put(who: NationalOperator, thing: Thing) -> Any:
        return thing.model_dump(mode="json", exclude_unset=True)

    @router.post("/lists", max_body_size=1024)
    async def put_many(who: SchoolStaff, things: Annotated[list[Any], Count(1, 3)]) -> int:
        return len(things)

    @router.post("/texts", max_body_size=PART * LARGE)
    async def put_texts(who: SchoolStaff, texts: list[str]) -> int:
        return len(texts[0])

    @router.get("/things/{id}")
    async def show(
        who: NationalOperator,
        id: str,
        day: Day | None = None,
        limit: Annotated[int, Query(ge=1, le=9)] = 1,
        idempotency_key: Annotated[str | None, Header()] = None,
    ) -> Any:
        return [id, day, limit]

    return router
