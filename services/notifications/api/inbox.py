"""HTTP of notifications: an inbox and its live stream, for the family that it belongs to."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from services.notifications.answers import InboxPage, NoticeView
from services.notifications.cursors import INBOX, STREAM, decode, encode
from services.notifications.domain.notices import Numbers
from services.notifications.reads.inbox import Reads
from services.notifications.stream import Stream
from shared.base.errors import FieldError
from shared.http.authorisation import Family
from shared.http.cursors import LONGEST, CursorAhead
from shared.http.openapi import problems, stream_of
from shared.http.routes import router_of
from shared.http.spoken import Spoken
from shared.http.throttles import open_answer

LAST_EVENT = "header:Last-Event-ID"


async def _below(
    after: Annotated[str, Query(max_length=LONGEST, description="`next` of the page before")] = "",
) -> Numbers:
    return decode(after, INBOX, "after") if after else {}


Below = Annotated[Numbers, Depends(_below)]
Limit = Annotated[int, Query(ge=1, le=200, description="how many notices at most")]


def routes(reads: Reads, stream: Stream) -> APIRouter:
    """Returns every route of the service."""
    router = router_of("notifications", tag="inbox")

    @router.get("/inbox")
    async def inbox(who: Family, language: Spoken, before: Below, limit: Limit = 50) -> InboxPage:
        """The notices of every child linked to the account, or of the pupil's own, newest first; ru or en."""
        notices, below = await reads.within(who).older(before, limit, language)
        return InboxPage(items=notices, next=None if below is None else encode(below, INBOX))

    async def behind(who: Family, last_event_id: Annotated[str | None, Header()] = None) -> Numbers | None:
        if not last_event_id:
            return None  # a browser that has seen no id yet sends an empty one
        cursor = decode(last_event_id, STREAM, LAST_EVENT)
        if not await reads.within(who).have_reached(cursor):
            detail = "this cursor is ahead of the notices, which were built anew: connect again without one"
            raise CursorAhead(detail, errors=[FieldError(LAST_EVENT, detail)])
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
        async for event in stream.of(reads.within(who), after, language, request.app.state.ending):
            yield event

    return router
