"""Real consumers and relays inside a test, started as their process would start them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord

from shared.base.settings import Settings
from shared.base.telemetry import Metrics
from shared.contracts import wire
from shared.contracts.event import Envelope
from shared.messaging import kafka
from shared.messaging.consumer import BatchConsumer
from shared.messaging.readers import Readers
from shared.runtime.service import Platform

DEADLINE = 60.0


@asynccontextmanager
async def consuming(settings: Settings, *consumers: BatchConsumer) -> AsyncIterator[None]:
    """The consumers read while the body runs."""
    readers = Readers(settings.bootstrap, consumers, Metrics())
    ends = await kafka.end_offsets(settings.bootstrap, {topic for c in consumers for topic in c.topics})
    await readers.start(ends, graceful_seconds=5)
    try:
        yield
    finally:
        await readers.stop()


async def publish(settings: Settings, *envelopes: Envelope, partition: int | None = None) -> None:
    """Sends events as a relay would."""
    async with kafka.producer(settings.bootstrap) as producer:
        sent = [
            await producer.send(
                settings.kafka_topic_prefix + e.event.topic,
                wire.value(e),
                e.event.key.encode(),
                partition=partition,
                headers=wire.headers(e),
            )
            for e in envelopes
        ]
        await asyncio.gather(*sent)


async def relay_once(platform: Platform) -> None:
    """Publishes what waits in the platform's outbox."""
    await platform.relay().drain()


async def read_all(settings: Settings, topic: str) -> Sequence[ConsumerRecord[Any, Any]]:
    """Every record of a topic, in the order of each partition."""
    ends = {p: end for p, end in (await kafka.end_offsets(settings.bootstrap, [topic])).items() if end}
    records: list[ConsumerRecord[Any, Any]] = []
    if not ends:
        return records  # aiokafka's consumer fails to stop where it has had nothing to fetch
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        for partition, end in ends.items():
            consumer.assign([partition])
            consumer.seek(partition, 0)
            while await consumer.position(partition) < end:
                for batch in (await consumer.getmany(timeout_ms=500)).values():
                    records += batch
    finally:
        await consumer.stop()
    return records


async def eventually(holds: Callable[[], Awaitable[bool]], seconds: float = DEADLINE) -> None:
    """Returns once the condition holds; fails after the deadline."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not await holds():
        assert asyncio.get_running_loop().time() < deadline, "the condition did not hold in time"
        await asyncio.sleep(0.05)
