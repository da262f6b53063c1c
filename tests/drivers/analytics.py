"""Analytics inside a test: its consumers and readers, and polls applied without a broker."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from services.analytics import app, consumers
from services.analytics.copies import Copies
from services.analytics.feed.reader import FeedReader, ScopedFeedReader
from services.analytics.figures import competencies, funnel
from services.analytics.figures.reading import Asked
from services.analytics.figures.rows import Dimension
from services.analytics.projection import Projection
from services.analytics.reads import Reads, ScopedReads
from shared.base.errors import NotFound
from shared.contracts.event import Envelope
from shared.identity.grants import Grant, Scope
from shared.identity.principal import Principal
from shared.messaging.consumer import BatchConsumer
from shared.messaging.poll import Received
from shared.runtime.service import Platform
from shared.storage.mongo import Mongo, Transaction

OPERATOR = Scope((Grant("regional-operator", "RU-ROS"),))
Body = Callable[[Transaction], Awaitable[None]]


class Figures:
    """The figures in one scope."""

    def __init__(self, reads: ScopedReads) -> None:
        self._reads = reads

    async def funnel(self, asked: Asked, by: Dimension | None) -> dict[str, Any]:
        async with self._reads.region(asked) as region:
            return await funnel.read(region, by)

    async def competencies(self, asked: Asked, top: int | None) -> dict[str, Any]:
        async with self._reads.region(asked) as region:
            return await competencies.read(region, top)


class Analytics:
    """The service's consumers and readers on one database."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.views, self.feeds = consumers.views(platform), consumers.feed(platform)
        self.reserved = consumers.reserved(platform)
        self.all: list[BatchConsumer] = [*self.views, self.reserved, *self.feeds]

    async def migrate(self) -> None:
        """Creates the collections and their indexes."""
        await self.platform.mongo.ensure(app.COLLECTIONS)

    def reads(self, scope: Scope = OPERATOR) -> ScopedReads:
        return Reads(self.platform.mongo, tuple(c.offsets for c in self.views)).within(
            Principal("someone", "account", scope.grants)
        )

    def figures(self, scope: Scope = OPERATOR) -> Figures:
        return Figures(self.reads(scope))

    def feed(self, scope: Scope = OPERATOR) -> ScopedFeedReader:
        return FeedReader(self.platform.mongo, tuple(c.offsets for c in self.feeds)).within(
            Principal("someone", "account", scope.grants)
        )

    def asked(self, as_of: str | None = None) -> Asked:
        return Asked("RU-ROS", "2020", as_of, self.platform.clock())

    async def shows(self, expected: Mapping[str, int]) -> bool:
        """Whether the region's funnel says so of these stages."""
        try:
            answer = await self.figures().funnel(self.asked(), None)
        except NotFound:
            return False
        return {stage: answer[stage] for stage in expected} == expected

    async def numbered(self, n: int) -> bool:
        """Whether the region's feed has reached a number."""
        head = await self.platform.mongo["feed_heads"].find_one({"_id": "RU-ROS"})
        return head is not None and head["last"] >= n


def polled(*envelopes: Envelope, partition: int | None = None) -> list[Received]:
    """The events as a poll would bring them, of one partition, or each of one of two that is its pupil's own."""
    return [
        Received(e, e.event.topic, home(e.event.key) if partition is None else partition, offset)
        for offset, e in enumerate(envelopes)
    ]


def home(key: str) -> int:
    """The partition of a key: of keys that are numbered, every other one's is the same."""
    return sum(key.encode()) % 2


async def overlapping(mongo: Mongo, first: Body, second: Body) -> int:
    """Commits `first` after the snapshot of `second` was taken, before `second` does anything.

    Returns how often `second` was tried.
    """
    written, begun = asyncio.Event(), asyncio.Event()
    attempts = 0

    async def early(tx: Transaction) -> None:
        await first(tx)
        written.set()
        await begun.wait()

    async def late(tx: Transaction) -> None:
        nonlocal attempts
        attempts += 1
        await mongo["seasons"].find_one({}, session=tx)
        begun.set()
        await second(tx)

    winner = asyncio.create_task(mongo.transact(early))
    await written.wait()
    await mongo.transact(late)
    await winner
    return attempts


class Fold:
    """The two writers of the figures on one database, and its reader."""

    def __init__(self, analytics: Analytics) -> None:
        self.analytics = analytics
        self.mongo = analytics.platform.mongo
        self.writer = Projection(self.mongo, analytics.views[-1].offsets.group)
        self.catalogue = Copies(self.mongo, self.writer)

    async def define(self, *events: Envelope) -> None:
        """One poll of the catalogue."""
        await self.mongo.transact(lambda tx: self.catalogue.apply(polled(*events), tx))

    async def learn(self, *facts: Envelope, partition: int | None = None) -> None:
        """One poll of facts."""
        await self.mongo.transact(lambda tx: self.writer.apply(polled(*facts, partition=partition), tx))

    async def funnel(self, scope: Scope = OPERATOR, by: Dimension | None = None, as_of: str | None = None) -> Any:
        """The region's funnel within a scope."""
        return await self.analytics.figures(scope).funnel(self.analytics.asked(as_of), by)
