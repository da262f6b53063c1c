"""The route of a region's feed."""

import json
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from services.analytics.feed.answers import FeedPage
from services.analytics.feed.reader import FeedReader
from shared.contracts.codes import OrganisationCode
from shared.http.authorisation import FeedConsumer
from shared.http.cursors import LONGEST
from shared.http.openapi import problems
from shared.http.routes import router_of
from shared.http.throttles import opened


def routes(feeds: FeedReader) -> APIRouter:
    """Returns the route `/analytics/regions/{code}/feed`."""
    router = router_of("analytics")

    @router.get(
        "/regions/{code}/feed",
        response_model=FeedPage,
        responses=problems({404: ["feed-unknown"], 410: ["epoch-gone", "cursor-ahead"]}),
    )
    async def feed(
        request: Request,
        code: Annotated[OrganisationCode, Path(description="Code of the region, for instance `RU-ROS`.")],
        who: FeedConsumer,
        after: Annotated[
            str, Query(max_length=LONGEST, description="`next` of the page before; 0 for the start")
        ] = "0",
        limit: Annotated[int, Query(ge=1, le=1000, description="how many events at most")] = 100,
        wait: Annotated[float, Query(ge=0, le=30, description="seconds to wait for the first event")] = 0,
    ) -> Response:
        """The region's numbered log behind a cursor."""
        async with opened(request) if wait else nullcontext():
            page = await feeds.within(who).page(code, after, limit, wait, request.app.state.ending)
        return Response(_render(page), media_type="application/json")

    return router


def _render(page: Mapping[str, Any]) -> str:
    """Returns a feed page as JSON; the events' data is JSON text already and is not parsed again."""
    events = ",".join(_event(event) for event in page["events"])
    rest = json.dumps({name: part for name, part in page.items() if name != "events"}, separators=(",", ":"))
    return f'{{"events":[{events}],{rest[1:]}'


def _event(event: Mapping[str, Any]) -> str:
    head = {name: part for name, part in event.items() if name != "data"} | {"specversion": "1.0"}
    return f'{json.dumps(head, separators=(",", ":"), ensure_ascii=False)[:-1]},"data":{event["data"]}}}'
