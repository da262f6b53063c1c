"""The watch of a consumer beside its polls: deferred events, what Kafka is told, the logs' lineage, and progress."""

import asyncio
import time
from collections.abc import Mapping

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from pymongo.errors import PyMongoError

from shared.base.telemetry import Metrics, Trouble
from shared.messaging.consumer import BatchConsumer
from shared.messaging.lineage import must_be_within
from shared.messaging.reader import Reader

TICK_SECONDS = 0.25
DEFERRED_SECONDS = 3.0
"""Between looks for events that wait without its knowledge: another worker's, or those that an operator sends in."""
ADVICE_SECONDS = 1.0
"""Between commits to Kafka."""
LOGS_SECONDS = 5.0
"""Between looks at the ends of the logs, which also try again what could not be read."""
LINEAGE_LOOKS = 3
"""Every so many looks, records that were handled are read again."""
STANDING_SECONDS = 15.0
"""A partition that has records and has not moved for so long stands still."""


class Watch:
    """The loop of one consumer; it ends when the consumer gives up."""

    def __init__(self, consumer: BatchConsumer, metrics: Metrics) -> None:
        self.beat = time.monotonic()
        self._consumer = consumer
        self._unreadable = metrics.unreadable.labels(consumer.group)
        self._trouble = Trouble("no progress", group=consumer.group)
        self._moved: dict[TopicPartition, tuple[int, float]] = {}
        """By partition the stored offset, and since when it is that."""
        self._deferred_at = self._advice_at = self._logs_at = 0.0
        self._looks = 0
        metrics.waiting.labels(consumer.group).set_function(lambda: self.waiting[1] if self.waiting else 0.0)

    @property
    def waiting(self) -> tuple[str, float] | None:
        """The reason that the consumer makes no progress, and for how many seconds; None where it does or is idle."""
        for trouble in (self._consumer.trouble, self._trouble):
            if trouble.reason is not None:
                return f"{self._consumer.group}: {trouble.reason}", trouble.seconds
        return None

    async def run(self) -> None:
        """Looks until the consumer has given up, or is cancelled."""
        while not self._consumer.failed.done():
            self.beat = time.monotonic()
            try:
                await self._look(self.beat)
            except (PyMongoError, KafkaError, OSError) as error:
                self._trouble.met(type(error).__name__)
                await asyncio.sleep(1.0)
            except Exception as error:
                self._consumer.give_up(error)
            await asyncio.sleep(TICK_SECONDS)

    async def _look(self, now: float) -> None:
        await self._consumer.catch_up.look()
        if self._consumer.defers or now >= self._deferred_at:
            await self._consumer.retry_deferred()
            self._deferred_at = now + DEFERRED_SECONDS
        if now >= self._advice_at:
            await self._consumer.advise()
            self._advice_at = now + ADVICE_SECONDS
        if now >= self._logs_at:
            await self._look_at_logs()
            self._logs_at = time.monotonic() + LOGS_SECONDS

    async def _look_at_logs(self) -> None:
        reader = self._consumer.reader
        if reader is None:
            return
        # A worker that was given nothing looks after all: it may be that nobody was given anything.
        mine = reader.assignment() or self._consumer.catch_up.partitions
        self._looks += 1
        if self._looks % LINEAGE_LOOKS == 1:
            await self._consumer.lineage.must_be_there()
            await self._consumer.lineage.must_hold(mine)
        stored = await self._consumer.offsets.read(mine)
        bounds = await self._consumer.logs.bounds(mine)  # after the offsets: an end never lies before what was handled
        for partition, next_ in stored.items():
            must_be_within(self._consumer.group, partition, bounds[partition], next_)
        await self._go_on(reader, stored)
        self._must_move(stored, {p: bounds[p].end - next_ for p, next_ in stored.items() if bounds[p].end > next_})

    async def _go_on(self, reader: Reader, stored: Mapping[TopicPartition, int]) -> None:
        """Tries what could not be read, at the stored offset, which an operator may have moved."""
        self._unreadable.set(len(reader.stopped))
        for partition, batch in list(reader.stopped.items()):
            if partition not in stored:
                continue
            if stored[partition] != batch.first:
                await self._consumer.goes_on(partition)
            reader.seek(partition, stored[partition])
            reader.go_on(partition)

    def _must_move(self, stored: Mapping[TopicPartition, int], waiting: Mapping[TopicPartition, int]) -> None:
        now = time.monotonic()
        self._moved = {
            p: kept if (kept := self._moved.get(p)) is not None and kept[0] == next_ else (next_, now)
            for p, next_ in stored.items()
        }
        still = [p for p in waiting if now - self._moved[p][1] >= STANDING_SECONDS]
        if not still:
            self._trouble.over()
            return
        where = ", ".join(f"{p.topic}:{p.partition} at {stored[p]}" for p in sorted(still)[:5])
        self._trouble.met(f"records wait in {len(still)} partitions: {where}")
