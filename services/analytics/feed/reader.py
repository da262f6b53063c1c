"""Scoped reads of a region's log: pages by cursor, now or as soon as there is something."""

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pymongo.read_concern import ReadConcern

from services.analytics.collections import FEED, FEED_HEADS
from services.analytics.feed.numbering import record_id
from shared.base.errors import BadInput, FieldError, NotFound, ServiceError
from shared.http.cursors import CursorAhead
from shared.identity.grants import Scope
from shared.identity.principal import Principal
from shared.messaging.offsets import StoredOffsets, position
from shared.storage.mongo import WHOLE, Document, Mongo, Transaction

LOOK_SECONDS = 0.1
"""The pause between looks at the heads while anybody waits."""


WRITTEN = re.compile(r"([0-9]{1,18})\.([0-9]{1,18})")
"""A cursor: numbers that the database can compare with. Readers hold it for months, so its form stays."""
CONFIRMED_MS = 5_000
"""Milliseconds that a read may wait for the majority."""


class EpochGone(ServiceError):
    """The cursor belongs to a feed that has been opened anew: read it again from `0`."""

    slug, status = "epoch-gone", 410


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last record that a reader has; opaque to the reader."""

    epoch: int
    seq: int

    def __str__(self) -> str:
        return f"{self.epoch}.{self.seq}"

    @classmethod
    def parse(cls, text: str) -> "Cursor | None":
        """Returns the cursor that a reader sends, None for the start; raises BadInput."""
        if text in ("", "0"):
            return None
        parts = WRITTEN.fullmatch(text)
        if parts is None:
            raise BadInput.field("after", "is not a cursor that a feed page gave; use 0 for the start")
        return cls(int(parts[1]), int(parts[2]))


class Heads:
    """The heads of all logs, looked at once for however many readers wait."""

    def __init__(self, mongo: Mongo) -> None:
        self._collection = mongo[FEED_HEADS]
        self._look: asyncio.Task[dict[str, Document]] | None = None

    async def next(self) -> dict[str, Document]:
        """Returns the heads by region at the next look; a reader that goes away leaves it to the others."""
        if self._look is None or self._look.done():
            self._look = asyncio.create_task(self._read())
        return await asyncio.shield(self._look)

    async def _read(self) -> dict[str, Document]:
        await asyncio.sleep(LOOK_SECONDS)
        return {head["_id"]: head async for head in self._collection.find({})}


class FeedReader:
    """Unscoped; only `within` lets one read."""

    def __init__(self, mongo: Mongo, offsets: tuple[StoredOffsets, ...]) -> None:
        self._mongo = mongo
        self._offsets = offsets
        self._heads = Heads(mongo)

    def within(self, who: Principal) -> "ScopedFeedReader":
        """Returns the feeds of the regions in the caller's scope."""
        return ScopedFeedReader(self._mongo, self._offsets, self._heads, who.scope)


class ScopedFeedReader:
    """Reads the log of a region in scope; any other does not exist."""

    def __init__(self, mongo: Mongo, offsets: tuple[StoredOffsets, ...], heads: Heads, scope: Scope) -> None:
        self._mongo = mongo
        self._offsets = offsets
        self._heads = heads
        self._scope = scope

    async def page(
        self, region: str, after: str, limit: int, wait: float, ending: Callable[[], bool] = lambda: False
    ) -> dict[str, Any]:
        """Returns the records behind a cursor, all from one snapshot.

        Waits up to `wait` seconds for the first, and no longer than the process serves.
        """
        if not self._scope.covers(region):
            raise _unknown(region)
        cursor = Cursor.parse(after)
        head = await self._head(region, None)
        await self._must_have_given(head, cursor)
        await self._until_something(head, cursor, wait, ending)
        async with self._mongo.snapshot() as tx:
            head = await self._head(region, tx)
            seen = self._seq(head, cursor)
            records = await self._records(head, seen, limit, tx)
            log_position = await position(self._mongo, self._offsets, tx)
        last = records[-1]["seq"] if records else seen
        return {
            "epoch": head["epoch"],
            "events": [_event(record) for record in records],
            "next": str(Cursor(head["epoch"], last)),
            "watermark": head["last"],
            "position": log_position,
        }

    async def _until_something(
        self, head: Document, cursor: Cursor | None, wait: float, ending: Callable[[], bool]
    ) -> None:
        region, deadline = head["_id"], time.monotonic() + wait
        while head["last"] <= self._seq(head, cursor) and time.monotonic() < deadline and not ending():
            head = _existing(region, (await self._heads.next()).get(region))

    async def _must_have_given(self, head: Document, cursor: Cursor | None) -> None:
        """Raises CursorAhead for a number that the log has not reached: what it gives by then would never be read.

        What seems so may be a new primary that does not know yet what a majority holds: only one that has asked the
        majority may say it.
        """
        if cursor is None or self._seq(head, cursor) <= head["last"]:
            return
        region = head["_id"]
        heads = self._mongo[FEED_HEADS].with_options(read_concern=ReadConcern("linearizable"))
        head = _existing(region, await heads.find_one({"_id": region}, max_time_ms=CONFIRMED_MS))
        if self._seq(head, cursor) > head["last"]:
            detail = (
                f"the feed ends at {Cursor(head['epoch'], head['last'])}, before this cursor; read again with after=0"
            )
            raise CursorAhead(detail, errors=[FieldError("after", detail)])

    async def _head(self, region: str, tx: Transaction | None) -> Document:
        return _existing(region, await self._mongo[FEED_HEADS].find_one({"_id": region}, session=tx))

    def _seq(self, head: Document, cursor: Cursor | None) -> int:
        if cursor is None:
            return 0
        if cursor.epoch != head["epoch"]:
            detail = f"the feed was opened anew as epoch {head['epoch']}; read again with after=0"
            raise EpochGone(detail, errors=[FieldError("after", detail)])
        return cursor.seq

    async def _records(self, head: Document, after: int, limit: int, tx: Transaction) -> list[Document]:
        region, epoch = head["_id"], head["epoch"]
        between = {"$gt": record_id(region, epoch, after), "$lte": record_id(region, epoch, head["last"])}
        found = self._mongo[FEED].find({"_id": between}, batch_size=WHOLE, session=tx)
        return await found.sort("_id", 1).limit(limit).to_list(limit)


def _existing(region: str, head: Document | None) -> Document:
    if head is None:
        raise _unknown(region)
    return head


def _unknown(region: str) -> NotFound:
    """Returns the refusal, in the same words for what is not there and what is not in scope."""
    return NotFound(f"no feed of {region} in the token's scope", slug="feed-unknown")


def _event(record: Document) -> dict[str, Any]:
    """Returns a record as a CloudEvent in JSON form; `data` is still JSON text (the route renders it)."""
    return {"seq": record["seq"], "epoch": record["epoch"], **record["attributes"], "data": record["data"]}
