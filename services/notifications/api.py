"""The HTTP face of notifications: an inbox and its live stream, for the family that it belongs to."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from services.notifications import domain, handlers, templates
from services.notifications.domain import Numbers
from services.notifications.handlers import InboxPage, NoticeView
from services.notifications.repository import Catalogue, Notices
from services.notifications.stream import Stream
from services.notifications.templates import Language
from shared.http import cursors
from shared.http.authorisation import Family
from shared.http.openapi import problems, stream_of
from shared.http.routes import Route
from shared.http.throttles import open_answer


def _language(response: Response, accept_language: Annotated[str | None, Header()] = None) -> Language:
    chosen = templates.language(accept_language)
    response.headers["Content-Language"] = chosen
    response.headers["Vary"] = "Accept-Language"
    return chosen


def _below(
    after: Annotated[str, Query(max_length=cursors.LONGEST, description="`next` of the page before")] = "",
) -> Numbers:
    return domain.decode(after, domain.INBOX, "after") if after else {}


Spoken = Annotated[Language, Depends(_language)]
Below = Annotated[Numbers, Depends(_below)]
Limit = Annotated[int, Query(ge=1, le=200, description="how many notices at most")]


def routes(notices: Notices, catalogue: Catalogue, stream: Stream) -> APIRouter:
    """Every route of the service."""
    router = APIRouter(prefix="/notifications", tags=["inbox"], route_class=Route)

    @router.get("/inbox")
    async def inbox(who: Family, language: Spoken, before: Below, limit: Limit = 50) -> InboxPage:
        """The notices of every child linked to the account, or of the pupil's own, newest first; ru or en."""
        return await handlers.page(notices.within(who), catalogue, before, limit, language)

    async def behind(who: Family, last_event_id: Annotated[str | None, Header()] = None) -> Numbers | None:
        if not last_event_id:
            return None  # a browser that has seen no id yet sends an empty one
        cursor = domain.decode(last_event_id, domain.STREAM, "header:Last-Event-ID")
        await notices.within(who).must_have_given(cursor)
        return cursor

    @router.get(
        "/stream",
        response_class=EventSourceResponse,
        dependencies=[Depends(open_answer)],
        responses=stream_of(NoticeView) | problems({410: ["cursor-ahead"]}),
    )
    async def live(
        request: Request, who: Family, language: Spoken, after: Annotated[Numbers | None, Depends(behind)]
    ) -> AsyncIterator[ServerSentEvent]:
        """The same notices as they come: `event: notice` with an inbox item as data.

        Its `id` sent back as `Last-Event-ID` continues exactly behind it; without one the stream begins now. It ends
        after 15 minutes: connect again.
        """
        async for event in stream.of(notices.within(who), after, language, request.app.state.ending):
            yield event

    return router
