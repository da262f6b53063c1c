"""Dead letters: what a group could not read, listed, and handled again once it can be."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer

from shared import kafka
from shared.contracts import topics
from shared.settings import Settings


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record as it was read, where, and why it could not be used."""

    position: str
    """`topic:partition:offset`"""
    reason: str
    value: bytes | None


async def dead_letters(settings: Settings, group: str) -> AsyncIterator[DeadLetter]:
    """Every dead letter of a group, oldest first, each position once (a relay may have sent it twice)."""
    topic = topics.dead_letters(settings.kafka_topic_prefix + group)
    ends = await kafka.end_offsets(settings.bootstrap, [topic])
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.bootstrap, enable_auto_commit=False)
    await consumer.start()
    try:
        seen: set[str] = set()
        for partition, end in ends.items():
            consumer.assign([partition])
            consumer.seek(partition, 0)
            while await consumer.position(partition) < end:
                for record in (await consumer.getmany(timeout_ms=1_000)).get(partition, []):
                    headers = dict(record.headers)
                    position = (headers.get("dlq_position") or b"").decode()
                    if position not in seen:
                        seen.add(position)
                        yield DeadLetter(position, (headers.get("dlq_reason") or b"").decode(), record.value)
    finally:
        await consumer.stop()
