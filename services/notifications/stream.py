"""Live notices as server-sent events, one reader a connection.

A connection polls its family's heads: one indexed read of a few small documents. A change stream would be less work for
few listeners, but under Motor each open one holds a thread of the pool that all other reads need, and each of them is
shown every pupil's change in order to drop it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

from fastapi.sse import ServerSentEvent
from pymongo.errors import PyMongoError

from services.notifications import domain, handlers
from services.notifications.domain import Numbers
from services.notifications.repository import Catalogue, Inbox
from services.notifications.templates import Language
from shared.base.telemetry import logger

RETRY_MILLISECONDS = 1_000
BATCH = 100


class Stream:
    """Tells a family's notices as they come.

    Every event's `id` is the whole cursor behind it, so a reader that comes back with the last one loses nothing and is
    told nothing twice.
    """

    def __init__(self, catalogue: Catalogue, *, poll_seconds: float = 0.3, life_seconds: float = 900.0) -> None:
        self._catalogue = catalogue
        self._poll_seconds = poll_seconds
        self._life_seconds = life_seconds

    async def of(
        self, inbox: Inbox, after: Numbers | None, language: Language, ending: Callable[[], bool]
    ) -> AsyncIterator[ServerSentEvent]:
        """Events behind `after`, or from now on without it, until the stream's life is over or the process ends.

        A pupil whom the cursor does not name was linked since, and is told of from the first notice.
        """
        over = time.monotonic() + self._life_seconds
        try:
            last = await inbox.last()
            cursor = last if after is None else {p: after[p] for p in last if p in after}
            yield ServerSentEvent(id=domain.encode(cursor, domain.STREAM), retry=RETRY_MILLISECONDS)
            while time.monotonic() < over and not ending():
                async for event in self._new(inbox, cursor, language):
                    yield event
                await asyncio.sleep(self._poll_seconds)
        except PyMongoError as error:
            logger.warning("stream ends, the database does not answer", error=type(error).__name__)

    async def _new(self, inbox: Inbox, cursor: dict[str, int], language: Language) -> AsyncIterator[ServerSentEvent]:
        """What is there behind the cursor, which moves along."""
        while notices := await inbox.newer(await inbox.last(), cursor, BATCH):
            for view in await handlers.in_words(notices, self._catalogue, language):
                cursor[view.participant] = view.number
                yield ServerSentEvent(event="notice", id=domain.encode(cursor, domain.STREAM), data=view)
