"""The routes of the figures: that of all regions side by side, and one for each figure of the registry."""

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from inspect import getdoc
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from services.analytics.api.exports import InFile, InForm, answered, in_forms
from services.analytics.exports.files import Format
from services.analytics.exports.tables import TABLES, of_figure
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
UNKNOWN = {404: ["region-unknown", "season-unknown"]}
Exported = Annotated[Literal["form", "days"], Query(description="the ministry's form, or the stages day by day")]
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
            responses=in_forms(UNKNOWN),
        )
    _add_export(router, reads["views"], clock)
    return router


def _add_export(router: APIRouter, reads: Reads, clock: Clock) -> None:
    @router.get("/regions/{code}/export", response_class=Response, responses=in_forms(UNKNOWN))
    async def export(
        request: Request,
        who: Operator,
        known: Known,
        format: InFile,
        question: Annotated[Asked, Depends(_asked(clock))],
        table: Exported = "form",
    ) -> Response:
        """A region's season as a table for other programs: the ministry's form, or the stages day by day.

        The form has a row for each class of each school, as the ministry asks. `days` has one fact a row, so that a sum
        up to any day is the funnel as of it; it is what databases and dashboards read.
        """
        mine = reads.within(who)
        tag = _tag(request, who, await mine.standing(question), question.now, format)
        if known.knows(tag):
            return unchanged(tag)
        async with mine.region(question) as region:
            return await answered(await TABLES[table](region), format, tag)


def _endpoint(figure: Figure[Any], reads: Reads, clock: Clock) -> Callable[..., Awaitable[Response]]:
    """Returns the function that answers a figure in the caller's scope."""

    async def endpoint(
        request: Request,
        who: Operator,
        known: Known,
        form: InForm,
        question: Annotated[Asked, Depends(_asked(clock))],
        parameter: Annotated[Any, Depends(figure.parameter)],
    ) -> Response:
        mine = reads.within(who)
        tag = _tag(request, who, await mine.standing(question), question.now, form.format)

        async def read() -> Row:
            async with mine.region(question) as region:
                return await figure.read(region, parameter)

        if form.format is None or known.knows(tag):
            return await _answered(known, tag, read)
        async with mine.region(question) as region:
            return await answered(await of_figure(figure, region, parameter), form.format, tag)

    return endpoint


def _asked(clock: Clock) -> Callable[..., Awaitable[Asked]]:
    """Returns a dependency of the routes of a region: its question."""

    async def asked(code: RegionCode, season: SeasonCode, as_of: AsOf = None) -> Asked:
        return Asked(code, season, _local(as_of), clock())

    return asked


def _local(day: Day | None) -> LocalDay | None:
    return day.isoformat() if day else None


async def _answered(known: Conditional, tag: str, read: Callable[[], Awaitable[Row]]) -> Response:
    """Returns the figures, or 304 where the caller has them already.

    By then it is known that they are in scope, since a tag can be guessed.
    """
    return unchanged(tag) if known.knows(tag) else known.answer(await _json(await read()), tag)


def _tag(request: Request, who: Principal, standing: Standing, now: datetime, form: Format | None = None) -> str:
    """Returns an entity tag: one caller's question at one log position and local day has one answer by one fold.

    It says when it was given, so that it is sent again at least once an hour.
    """
    caller = [who.subject, repr(who.grants)]
    question = [request.url.path, request.url.query, caller, standing, FOLD, f"{now:%Y-%m-%dT%H}"]
    return tag_of(json.dumps([*question, form] if form else question).encode())


async def _json(content: Row) -> bytes:
    """Returns the content as JSON, made beside the loop: a region has some ten thousand classes."""
    return await aside(
        lambda: json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode(), len(content["rows"])
    )
