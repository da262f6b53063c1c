"""HTTP of analytics: figures of regions and their feeds, for operators."""

import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from services.analytics.answers import Competencies, FeedPage, Funnel, Ranking, Regions
from services.analytics.domain import FOLD
from services.analytics.feed_reader import FeedReader
from services.analytics.figures import Asked, Figures, ScopedFigures, Standing
from services.analytics.tables import Dimension, Row
from shared.base.side_thread import aside
from shared.contracts.codes import OrganisationCode, SeasonCode
from shared.http.authorisation import FeedConsumer, Operator
from shared.http.cursors import LONGEST
from shared.http.entity_tags import Conditional, Known, tag_of, unchanged
from shared.http.openapi import problems
from shared.http.routes import Route
from shared.http.throttles import opened
from shared.identity.principal import Principal
from shared.programme.moments import Day
from shared.storage.outbox import Clock

AsOf = Annotated[Day | None, Query(description="what had happened by the end of this local day; default all")]
InCode = Annotated[OrganisationCode, Path(description="Code of the region, for instance `RU-ROS`.")]
UNKNOWN = problems({404: ["region-unknown", "season-unknown"]})
Ask = Callable[[ScopedFigures], Awaitable[Row]]


def routes(figures: Figures, feeds: FeedReader, clock: Clock) -> APIRouter:
    """All routes under `/analytics`."""
    router = APIRouter(prefix="/analytics", tags=["analytics"], route_class=Route)

    def asked(code: str, season: str, as_of: date | None) -> Asked:
        return Asked(code, season, as_of.isoformat() if as_of else None, clock())

    async def answered(request: Request, who: Principal, known: Conditional, question: Asked, ask: Ask) -> Response:
        """The figures in the caller's scope, or 304 where the caller has them already.

        Whether the question is in scope comes first: a tag can be guessed.
        """
        mine = figures.within(who.scope)
        tag = _tag(request, who, await mine.standing(question), clock())
        return unchanged(tag) if known.knows(tag) else known.answer(await _json(await ask(mine)), tag)

    @router.get("/regions", response_model=Regions, responses=problems({404: ["season-unknown"]}))
    async def regions(
        request: Request, who: Operator, season: SeasonCode, known: Known, as_of: AsOf = None
    ) -> Response:
        """All regions in scope with their funnel."""
        day, now, mine = as_of.isoformat() if as_of else None, clock(), figures.within(who.scope)
        tag = _tag(request, who, await mine.standing_of_all(season, day, now), now)
        if known.knows(tag):
            return unchanged(tag)
        return known.answer(await _json({"season": season, "rows": await mine.regions(season, day, now)}), tag)

    @router.get("/regions/{code}/funnel", response_model=Funnel, responses=UNKNOWN)
    async def funnel(
        request: Request,
        code: InCode,
        who: Operator,
        season: SeasonCode,
        known: Known,
        as_of: AsOf = None,
        by: Annotated[Dimension | None, Query(description="one row for each; without it the totals alone")] = None,
    ) -> Response:
        """Distinct pupils at each stage, in all and by one dimension."""
        question = asked(code, season, as_of)
        return await answered(request, who, known, question, lambda mine: mine.funnel(question, by))

    @router.get("/regions/{code}/ranking", response_model=Ranking, responses=UNKNOWN)
    async def ranking(
        request: Request,
        code: InCode,
        who: Operator,
        season: SeasonCode,
        known: Known,
        as_of: AsOf = None,
        min_n: Annotated[int, Query(ge=1, description="least number of tested pupils")] = 1,
    ) -> Response:
        """Municipalities by the share of the tested who completed the season."""
        question = asked(code, season, as_of)
        return await answered(request, who, known, question, lambda mine: mine.ranking(question, min_n))

    @router.get("/regions/{code}/competencies", response_model=Competencies, responses=UNKNOWN)
    async def competencies(
        request: Request,
        code: InCode,
        who: Operator,
        season: SeasonCode,
        known: Known,
        as_of: AsOf = None,
        top: Annotated[int | None, Query(ge=1, le=1000, description="the first so many alone; default all")] = None,
    ) -> Response:
        """Competencies by attendances of trials; bookings apart."""
        question = asked(code, season, as_of)
        return await answered(request, who, known, question, lambda mine: mine.competencies(question, top))

    @router.get(
        "/regions/{code}/feed",
        response_model=FeedPage,
        responses=problems({404: ["feed-unknown"], 410: ["epoch-gone", "cursor-ahead"]}),
    )
    async def feed(
        request: Request,
        code: InCode,
        who: FeedConsumer,
        after: Annotated[
            str, Query(max_length=LONGEST, description="`next` of the page before; 0 for the start")
        ] = "0",
        limit: Annotated[int, Query(ge=1, le=1000, description="how many events at most")] = 100,
        wait: Annotated[float, Query(ge=0, le=30, description="seconds to wait for the first event")] = 0,
    ) -> Response:
        """The region's numbered log behind a cursor."""
        async with opened(request) if wait else nullcontext():
            page = await feeds.within(who.scope).page(code, after, limit, wait, request.app.state.ending)
        return Response(_render(page), media_type="application/json")

    return router


def _tag(request: Request, who: Principal, standing: Standing, now: datetime) -> str:
    """An entity tag: one caller's question at one log position and local day has one answer by one fold.

    It says when it was given, so that it is sent again at least once an hour.
    """
    caller = [who.subject, repr(who.grants)]
    question = json.dumps([request.url.path, request.url.query, caller, standing, FOLD, f"{now:%Y-%m-%dT%H}"])
    return tag_of(question.encode())


async def _json(content: Row) -> bytes:
    """As JSON, made beside the loop: a region has some ten thousand classes."""
    return await aside(
        lambda: json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode(), len(content["rows"])
    )


def _render(page: Mapping[str, Any]) -> str:
    """A feed page as JSON; the events' data is JSON text already and is not parsed again."""
    events = ",".join(_event(event) for event in page["events"])
    rest = json.dumps({name: part for name, part in page.items() if name != "events"}, separators=(",", ":"))
    return f'{{"events":[{events}],{rest[1:]}'


def _event(event: Mapping[str, Any]) -> str:
    head = {name: part for name, part in event.items() if name != "data"} | {"specversion": "1.0"}
    return f'{json.dumps(head, separators=(",", ":"), ensure_ascii=False)[:-1]},"data":{event["data"]}}}'
