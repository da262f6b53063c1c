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

from services.notifications.cursors import STREAM, encode
from services.notifications.domain.notices import Numbers
from services.notifications.reads.inbox import ScopedReads
from shared.base.languages import Language
from shared.base.telemetry import logger

RETRY_MILLISECONDS = 1_000
BATCH = 100


class Stream:
    """Tells a family's notices as they come.

    Every event's `id` is the whole cursor behind it, so a reader that comes back with the last one loses nothing and is
    told nothing twice.
    """

    def __init__(self, *, poll_seconds: float = 0.3, life_seconds: float = 900.0) -> None:
        self._poll_seconds = poll_seconds
        self._life_seconds = life_seconds

    async def of(
        self, mine: ScopedReads, after: Numbers | None, language: Language, ending: Callable[[], bool]
    ) -> AsyncIterator[ServerSentEvent]:
        """Yields events behind `after`, or from now on without it, until the stream's life is over or the process ends.

        A pupil whom the cursor does not name was linked since, and is told of from the first notice.
        """
        over = time.monotonic() + self._life_seconds
        try:
            last = await mine.last()
            cursor = last if after is None else {p: after[p] for p in last if p in after}
            yield ServerSentEvent(id=encode(cursor, STREAM), retry=RETRY_MILLISECONDS)
            while time.monotonic() < over and not ending():
                async for event in self._new(mine, cursor, language):
                    yield event
                await asyncio.sleep(self._poll_seconds)
        except PyMongoError as error:
            logger.warning("stream ends, the database does not answer", error=type(error).__name__)

    async def _new(
        self, mine: ScopedReads, cursor: dict[str, int], language: Language
    ) -> AsyncIterator[ServerSentEvent]:
        """Yields what is there behind the cursor, which moves along."""
        while notices := await mine.newer(cursor, BATCH, language):
            for notice in notices:
                cursor[notice.participant] = notice.number
                yield ServerSentEvent(event="notice", id=encode(cursor, STREAM), data=notice)
