"""Outbox → Kafka: each key in order, removed after the broker's acknowledgement. It may send twice, never skip."""

import asyncio
import time
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared import kafka
from shared.lease import Lease
from shared.outbox import Outbox, Row
from shared.telemetry import Metrics, logger

PAUSE_SECONDS = 0.1
"""Between polls that find something."""
IDLE_SECONDS = 0.2
"""The pause grows to this while there is nothing."""
STANDBY_SECONDS = 0.5
BATCH = 1_000


class Publisher:
    """A producer that is made anew when it cannot recover."""

    def __init__(self, bootstrap: Sequence[str]) -> None:
        self._bootstrap = bootstrap
        self._producer: AIOKafkaProducer | None = None

    async def publish(self, rows: Sequence[Row]) -> list[Row]:
        """Sends the rows in order and returns those to be forgotten: of each key, all before its first failure."""
        producer = await self._started()
        sent = [await producer.send(r.topic, r.value, r.key, headers=r.headers) for r in rows]
        outcomes = await asyncio.gather(*sent, return_exceptions=True)
        failed: set[bytes] = set()
        done = []
        for row, outcome in zip(rows, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                failed.add(row.key)
            elif row.key not in failed:
                done.append(row)
        if failed:
            await self.close()
        return done

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


class Relay:
    """The loop of role `relay`: one holder by lease publishes its service's outbox."""

    name = "relay"

    def __init__(self, outbox: Outbox, publisher: Publisher, lease: Lease, metrics: Metrics) -> None:
        self._outbox = outbox
        self._publisher = publisher
        self._lease = lease
        self._metrics = metrics
        self.beat = time.monotonic()
        self._pause = PAUSE_SECONDS

    async def run(self) -> None:
        """Runs until cancelled; waits and tries again when the broker or the database does not answer."""
        try:
            while True:
                self.beat = time.monotonic()
                pause = await self._step()
                await asyncio.sleep(pause)
        finally:
            await self._publisher.close()
            await self._lease.release()

    async def drain(self) -> None:
        """Publishes until nothing waits."""
        try:
            while await self._outbox.size():
                pause = await self._step()
                await asyncio.sleep(pause)
        finally:
            await self._publisher.close()
            await self._lease.release()

    async def _step(self) -> float:
        """One poll; returns the seconds to wait before the next."""
        if not await self._lease.acquire():
            return STANDBY_SECONDS
        rows = await self._outbox.pending(BATCH)
        self._metrics.outbox_pending.set(len(rows))
        self._pause = PAUSE_SECONDS if rows else min(2 * self._pause, IDLE_SECONDS)
        if not rows:
            return self._pause
        try:
            done = await self._publisher.publish(rows)
        except (KafkaError, OSError) as error:
            logger.warning("relay waits", error=type(error).__name__)
            await self._publisher.close()
            return STANDBY_SECONDS
        await self._outbox.remove([row.id for row in done])
        self._metrics.relay_published.inc(len(done))
        return 0.0 if len(rows) == BATCH else self._pause
