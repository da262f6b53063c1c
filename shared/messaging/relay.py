"""Outbox → Kafka: each key in order, removed after the broker's acknowledgement. It may send twice, never skip."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError
from pymongo.errors import PyMongoError

from shared.base.telemetry import Metrics, logger
from shared.messaging import kafka
from shared.messaging.lease import Lease
from shared.messaging.leased import FULL, LeasedLoop
from shared.messaging.published import Told
from shared.storage.outbox import Outbox, Row, Waiting


class Acknowledged(NamedTuple):
    """The place that the broker gave a record."""

    partition: TopicPartition
    offset: int


class Publisher:
    """A producer that is made anew when it cannot recover."""

    def __init__(self, bootstrap: Sequence[str]) -> None:
        self._bootstrap = bootstrap
        self._producer: AIOKafkaProducer | None = None

    async def publish(self, rows: Sequence[Row]) -> list[Acknowledged | None]:
        """Sends the rows in order; the place of each that was acknowledged, and all of its key before it too."""
        producer = await self._started()
        sent = [await _sent(producer, row) for row in rows]
        outcomes = await asyncio.gather(*sent, return_exceptions=True)
        failed: dict[bytes, str] = {}
        acknowledged: list[Acknowledged | None] = []
        for row, outcome in zip(rows, outcomes, strict=True):
            place: Acknowledged | None = None
            if isinstance(outcome, BaseException):
                failed[row.key] = f"{row.topic}: {type(outcome).__name__}"
            elif row.key not in failed:
                place = Acknowledged(outcome.topic_partition, outcome.offset)
            acknowledged.append(place)
        if failed:
            logger.warning("records not sent", keys=len(failed), reasons=sorted(set(failed.values())))
            await self.close()
        return acknowledged

    async def _started(self) -> AIOKafkaProducer:
        if self._producer is None:
            fresh = kafka.producer(self._bootstrap)
            await fresh.start()
            self._producer = fresh
        return self._producer

    async def close(self) -> None:
        """Ends the producer; the next `publish` starts another."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.stop()


async def _sent(producer: AIOKafkaProducer, row: Row) -> asyncio.Future[Any]:
    """The record's acknowledgement, to come; one that cannot even be sent holds back its own key alone."""
    try:
        future: asyncio.Future[Any] = await producer.send(row.topic, row.value, row.key, headers=row.headers)
    except KafkaError as error:
        future = asyncio.get_running_loop().create_future()
        future.set_exception(error)
    return future


class Relay(LeasedLoop):
    """The loop of role `relay`: publishes its service's outbox."""

    name = "relay"

    def __init__(self, outbox: Outbox, publisher: Publisher, lease: Lease, metrics: Metrics, told: Told) -> None:
        super().__init__(lease)
        self._outbox = outbox
        self._told = told
        self._publisher = publisher
        self._metrics = metrics

    async def step(self) -> int:
        """Publishes the oldest documents; returns the number of rows that are forgotten."""
        waiting = await self._outbox.pending(FULL)
        rows = [row for document in waiting for row in document.rows]
        self._metrics.outbox_pending.set(len(rows))
        if not rows:
            self.held = None
            await self._told.keep()
            return 0
        acknowledged = await self._publisher.publish(rows)
        self.held = None if all(acknowledged) else "records are not acknowledged by the broker"
        self._metrics.relay_published.inc(sum(place is not None for place in acknowledged))
        done = list(forgettable(waiting, acknowledged))
        if done:
            await self._outbox.remove([document.id for document in done])
            # Only now: a backup that has the rows yet must be found to be behind what was published of them.
            self._told.note(filter(None, acknowledged))
            await self._told.keep_at_times()
        return sum(len(document.rows) for document in done)

    async def waits(self) -> bool:
        """Tells that the outbox holds something."""
        return await self._outbox.size() > 0

    async def close(self) -> None:
        """Ends the producer."""
        with suppress(PyMongoError):  # what is not kept is read once more at the next start
            await self._told.keep()
        await self._publisher.close()


def forgettable(waiting: Sequence[Waiting], acknowledged: Sequence[object]) -> Iterator[Waiting]:
    """Returns the documents, given with the outcomes of all their rows in turn, that need not be sent again.

    One that has to be sent again keeps every later one with a key of its own, so that the last rows of a key in its
    topic are always its newest.
    """
    outcomes = iter(acknowledged)
    kept: set[bytes] = set()
    for document in waiting:
        keys = {row.key for row in document.rows}
        whole = all([next(outcomes) for _ in document.rows])
        if whole and kept.isdisjoint(keys):
            yield document
        else:
            kept |= keys
