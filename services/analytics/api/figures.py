"""The routes of the figures: that of all regions side by side, and one for each figure of the registry."""

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from inspect import getdoc
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from services.analytics.facts import Day as LocalDay
from services.analytics.figures import regions
from services.analytics.figures.figure import Figure, Fold
from services.analytics.figures.reading import Asked
from services.analytics.figures.regions import Regions
from services.analytics.figures.registry import FIGURES, FOLD
from services.analytics.figures.rows import Row
from services.analytics.reads import Reads, Standing
from shared.base.side_thread import aside
from shared.contracts.codes import OrganisationCode, SeasonCode
from shared.http.authorisation import Operator
from shared.http.entity_tags import Conditional, Known, tag_of, unchanged
from shared.http.openapi import problems
from shared.http.routes import router_of
from shared.identity.principal import Principal
from shared.programme.moments import Day
from shared.storage.outbox import Clock

RegionCode = Annotated[OrganisationCode, Path(description="Code of the region, for instance `RU-ROS`.")]
AsOf = Annotated[Day | None, Query(description="what had happened by the end of this local day; default all")]


def routes(reads: Mapping[Fold, Reads], clock: Clock) -> APIRouter:
    """Returns the routes of all figures, under `/analytics/regions`."""
    router = router_of("analytics")

    @router.get("/regions", response_model=Regions, responses=problems({404: ["season-unknown"]}), name="regions")
    async def side_by_side(
        request: Request, who: Operator, season: SeasonCode, known: Known, as_of: AsOf = None
    ) -> Response:
        """All regions in scope with their funnel."""
        day, now, mine = _local(as_of), clock(), reads["views"].within(who)
        tag = _tag(request, who, await mine.standing_of_all(season, day, now), now)
        return await _answered(known, tag, lambda: regions.read(season, mine.regions(season, day, now)))

    for figure in FIGURES:
        router.add_api_route(
            f"/regions/{{code}}/{figure.name}",
            _endpoint(figure, reads[figure.fold], clock),
            name=figure.name,
            description=getdoc(figure.read),
            response_model=figure.answer,
            responses=problems({404: ["region-unknown", "season-unknown"]}),
        )
    return router


def _endpoint(figure: Figure[Any], reads: Reads, clock: Clock) -> Callable[..., Awaitable[Response]]:
    """Returns the function that answers a figure in the caller's scope."""

    async def asked(code: RegionCode, season: SeasonCode, as_of: AsOf = None) -> Asked:
        return Asked(code, season, _local(as_of), clock())

    async def endpoint(
        request: Request,
        who: Operator,
        known: Known,
        question: Annotated[Asked, Depends(asked)],
        parameter: Annotated[Any, Depends(figure.parameter)],
    ) -> Response:
        mine = reads.within(who)

        async def read() -> Row:
            async with mine.region(question) as region:
                return await figure.read(region, parameter)

        return await _answered(known, _tag(request, who, await mine.standing(question), question.now), read)

    return endpoint


def _local(day: Day | None) -> LocalDay | None:
    return day.isoformat() if day else None


async def _answered(known: Conditional, tag: str, read: Callable[[], Awaitable[Row]]) -> Response:
    """Returns the figures, or 304 where the caller has them already.

    By then it is known that they are in scope, since a tag can be guessed.
    """
    return unchanged(tag) if known.knows(tag) else known.answer(await _json(await read()), tag)


def _tag(request: Request, who: Principal, standing: Standing, now: datetime) -> str:
    """Returns an entity tag: one caller's question at one log position and local day has one answer by one fold.

    It says when it was given, so that it is sent again at least once an hour.
    """
    caller = [who.subject, repr(who.grants)]
    question = json.dumps([request.url.path, request.url.query, caller, standing, FOLD, f"{now:%Y-%m-%dT%H}"])
    return tag_of(question.encode())


async def _json(content: Row) -> bytes:
    """Returns the content as JSON, made beside the loop: a region has some ten thousand classes."""
    return await aside(
        lambda: json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode(), len(content["rows"])
    )
