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
from shared.auth import Family
from shared.openapi import stream_of
from shared.routes import Route


def _language(response: Response, accept_language: Annotated[str | None, Header()] = None) -> Language:
    chosen = templates.language(accept_language)
    response.headers["Content-Language"] = chosen
    response.headers["Vary"] = "Accept-Language"
    return chosen


def _below(after: Annotated[str | None, Query(description="`next` of the page before")] = None) -> Numbers:
    return {} if after is None else domain.decode(after, "query:after")


def _behind(last_event_id: Annotated[str | None, Header()] = None) -> Numbers | None:
    # A browser that has seen no id yet sends an empty one.
    return domain.decode(last_event_id, "header:Last-Event-ID") if last_event_id else None


Spoken = Annotated[Language, Depends(_language)]
Below = Annotated[Numbers, Depends(_below)]
Behind = Annotated[Numbers | None, Depends(_behind)]
Limit = Annotated[int, Query(ge=1, le=200)]


def routes(notices: Notices, catalogue: Catalogue, stream: Stream) -> APIRouter:
    """Every route of the service."""
    router = APIRouter(prefix="/notifications", tags=["inbox"], route_class=Route)

    @router.get("/inbox")
    async def inbox(who: Family, language: Spoken, before: Below, limit: Limit = 50) -> InboxPage:
        """The notices of every child linked to the account, or of the pupil's own, newest first; ru or en."""
        return await handlers.page(notices.within(who), catalogue, before, limit, language)

    @router.get("/stream", response_class=EventSourceResponse, responses=stream_of(NoticeView))
    async def live(request: Request, who: Family, language: Spoken, behind: Behind) -> AsyncIterator[ServerSentEvent]:
        """The same notices as they come: `event: notice` with an inbox item as data.

        Its `id` sent back as `Last-Event-ID` continues exactly behind it; without one the stream begins now. It ends
        after 15 minutes: connect again.
        """
        async for event in stream.of(notices.within(who), behind, language, request.app.state.ending):
            yield event

    return router
