"""FastStream over our readers: the consumers of a process, each with its watch, started and stopped together."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from aiokafka import ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.kafka.message import KafkaAckableMessage

from shared.base.telemetry import Metrics
from shared.messaging.consumer import BatchConsumer
from shared.messaging.poll import Poll
from shared.messaging.reader import QUIET_WAIT_MS, Reader
from shared.messaging.watch import Watch

IDLE_MS = 500
"""How long a poll waits in vain; what arrives ends it at once."""
POLL_RECORDS = 2_000
SESSION_MS = 6_000
METADATA_MS = 10_000
"""A topic that was made anew is given out again as soon as its new partitions are seen."""
A_DAY_MS = 86_400_000
"""A worker that waits keeps its partitions: that it makes no progress is told by its watch, not by Kafka."""


class Readers:
    """Reads for some consumers."""

    def __init__(self, bootstrap: Sequence[str], consumers: Sequence[BatchConsumer], metrics: Metrics) -> None:
        self.watches = [Watch(consumer, metrics) for consumer in consumers]
        self._bootstrap = list(bootstrap)
        self._consumers = {consumer.group: consumer for consumer in consumers}
        self._broker: KafkaBroker | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, ends: Mapping[TopicPartition, int], graceful_seconds: float) -> None:
        """Begins to read; `ends` are those that catalogues are read up to first.

        Raises RecordsLost, or KafkaError or PyMongoError where one of them does not answer; then nothing has begun.
        """
        try:
            await self._begin(ends, graceful_seconds)
        except BaseException:
            await self.stop()
            raise

    async def _begin(self, ends: Mapping[TopicPartition, int], graceful_seconds: float) -> None:
        for consumer in self._consumers.values():
            await consumer.catch_up.know_ends(ends)
        self._broker = KafkaBroker(
            self._bootstrap,
            logger=None,
            consumer_only=True,
            allow_auto_create_topics=False,
            metadata_max_age_ms=METADATA_MS,
            graceful_timeout=graceful_seconds,
        )
        for consumer in self._consumers.values():
            _subscribe(self._broker, consumer)
        await self._broker.connect()
        config = self._broker.config.broker_config
        options = config.builder.keywords  # type: ignore[attr-defined]
        config.builder = lambda **own: self._reader(**{**options, **own})
        await self._broker.start()
        self._tasks = [asyncio.create_task(watch.run()) for watch in self.watches]

    def _reader(self, *, group_id: str, **options: Any) -> Reader:
        consumer = self._consumers[group_id]
        consumer.reader = Reader(consumer, group_id=group_id, **options)
        return consumer.reader

    async def stop(self) -> None:
        """Ends the polls under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        broker, self._broker = self._broker, None
        if broker is not None:
            await asyncio.gather(*(consumer.advise() for consumer in self._consumers.values()), return_exceptions=True)
            await broker.stop()
        for consumer in self._consumers.values():
            await consumer.logs.close()


def _subscribe(broker: KafkaBroker, consumer: BatchConsumer) -> None:
    """Gives each poll of a consumer's reader to the consumer, as it is."""
    subscriber = broker.subscriber(
        *consumer.topics,
        batch=True,
        group_id=consumer.group,
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.MANUAL,
        parser=partial(_parse, consumer),
        decoder=_no_decoding,
        listener=SeekToStored(consumer),
        partition_assignment_strategy=(RangePartitionAssignor,),
        isolation_level="read_committed",
        max_records=POLL_RECORDS,
        batch_timeout_ms=IDLE_MS,
        fetch_min_bytes=1,  # as in a quiet hour: the reader says how it goes on
        fetch_max_wait_ms=QUIET_WAIT_MS,
        session_timeout_ms=SESSION_MS,
        heartbeat_interval_ms=2_000,
        rebalance_timeout_ms=30_000,
        max_poll_interval_ms=A_DAY_MS,
    )

    async def on_poll(_: Any, message: KafkaMessage) -> None:
        reader = consumer.reader
        assert reader is not None
        try:
            poll = Poll.of(message.raw_message, reader.batch.spans, reader.batch.invalid)
        except Exception as error:
            consumer.give_up(error)  # whoever calls would go on to the next poll
        else:
            await consumer.handle(poll)

    subscriber(on_poll)


async def _parse(consumer: BatchConsumer, batch: tuple[ConsumerRecord[Any, Any], ...], _: Any) -> KafkaMessage:
    """A poll as it is: FastStream's own parser raises at a null or non-UTF-8 header and loses the poll."""
    return KafkaAckableMessage(
        body=None,
        headers={},
        raw_message=batch,
        message_id=str(batch[0].offset),
        correlation_id=consumer.group,
        consumer=consumer.reader,
    )


async def _no_decoding(_: Any) -> None:
    return None


class SeekToStored(ConsumerRebalanceListener):  # type: ignore[misc, unused-ignore]
    """On assignment, reading begins at the stored offset; a hint, since delivery may begin before it has run."""

    def __init__(self, owner: BatchConsumer) -> None:
        self._owner = owner

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Forgets where it was."""
        self._owner.forget()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Seeks."""
        stored, reader = await self._owner.offsets.read(assigned), self._owner.reader
        for partition, offset in stored.items():
            if reader is not None and partition in reader.assignment():
                reader.seek(partition, offset)
