"""Batch → one transaction: a poll's effects, dead letters and stored offsets commit together or not at all."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.kafka.message import KafkaAckableMessage
from pymongo.errors import PyMongoError

from shared.contracts import topics
from shared.errors import FactOvertaken, TooManyInvalid
from shared.mongo import Mongo, Transaction
from shared.offsets import Span, StoredOffsets
from shared.outbox import Outbox, Row
from shared.poll import Poll, Received
from shared.telemetry import Metrics, logger

LINGER_MS = 200
"""The broker holds a fetch this long to fill it; a record may wait twice as long, behind a fetch without it."""
IDLE_MS = 500
"""How long a poll waits in vain; what arrives ends it at once."""
POLL_RECORDS = 2_000
BACKOFF_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
OVERTAKEN_SECONDS = 60.0
"""How long a fact waits for the catalogue before it is put aside."""
Handle = Callable[[Sequence[Received], Transaction], Awaitable[None]]
"""Applies a poll's events; runs again after a conflict, so it changes nothing but through the transaction."""


class _Overtaken(Exception):
    """The stored offsets are not where this poll begins."""


class BatchConsumer:
    """One group's reader of some topics. Stored offsets are the truth: shared/decisions/0002."""

    def __init__(
        self,
        group: str,
        topic_names: Sequence[str],
        handle: Handle,
        *,
        mongo: Mongo,
        outbox: Outbox,
        metrics: Metrics,
        topic_prefix: str = "",
        invalid_limit: int = 1_000,
        after: "BatchConsumer | None" = None,
        linger_ms: int = LINGER_MS,
    ) -> None:
        self.group = topic_prefix + group
        self.topics = [topic_prefix + name for name in topic_names]
        self.offsets = StoredOffsets(mongo, self.group)
        self.caught_up = asyncio.Event()
        """Set once the stored offsets have reached the ends seen at start."""
        self.failed: asyncio.Future[None] = asyncio.Future()
        """Done, with the reason, when the consumer has given up; the process ends then."""
        self._handle = handle
        self._mongo = mongo
        self._outbox = outbox
        self._metrics = metrics
        self._invalid_limit = invalid_limit
        self._after = after
        self._linger_ms = linger_ms
        self.is_reference = False
        """Whether other consumers wait for this one."""
        if after is not None:
            after.is_reference = True
        self._ends: dict[TopicPartition, int] = {}
        self._subscriber: Any = None

    def subscribe(self, broker: KafkaBroker) -> None:
        """Registers with the broker; reading begins when the broker starts."""
        self._subscriber = broker.subscriber(
            *self.topics,
            batch=True,
            group_id=self.group,
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.MANUAL,
            parser=self._parse,
            decoder=_no_decoding,
            listener=_SeekToStored(self),
            partition_assignment_strategy=(RangePartitionAssignor,),
            max_records=POLL_RECORDS,
            batch_timeout_ms=IDLE_MS,
            fetch_min_bytes=1_048_576,
            fetch_max_wait_ms=self._linger_ms,
            session_timeout_ms=6_000,
            heartbeat_interval_ms=2_000,
            rebalance_timeout_ms=30_000,
        )

        async def on_poll(_: Any, message: KafkaMessage) -> None:
            await self._guard(message.raw_message)

        self._subscriber(on_poll)

    async def know_ends(self, ends: Mapping[TopicPartition, int]) -> None:
        """Tells which offsets `caught_up` waits for; raises RecordsLost where less is there than was handled."""
        self._ends = {partition: end for partition, end in ends.items() if partition.topic in self.topics}
        await self.offsets.must_be_within(self._ends)
        await self._look_whether_caught_up()

    async def _guard(self, records: Sequence[ConsumerRecord[Any, Any]]) -> None:
        """FastStream goes on to the next poll after an error, so none may leave here: the process ends instead."""
        try:
            if self._after is not None:
                await self._after.caught_up.wait()
            await self.handle_poll(Poll.of(records))
        except Exception as error:
            self.failed.set_exception(error)
            await asyncio.Event().wait()

    async def handle_poll(self, poll: Poll) -> None:
        """Applies the poll, as often as it takes; what others have handled meanwhile falls out of it."""
        begun, attempt = time.monotonic(), 0
        while poll.records:
            try:
                await self._mongo.transact(lambda tx, poll=poll: self._apply(poll, tx))  # type: ignore[misc]
                break
            except _Overtaken:
                poll = await self._what_is_left(poll)
            except FactOvertaken as error:
                if time.monotonic() - begun > OVERTAKEN_SECONDS:
                    poll = poll.without(error)
                await self._wait(attempt, error)
            except (PyMongoError, KafkaError, OSError) as error:
                await self._wait(attempt, error)
            attempt += 1
        if poll.records:
            self._metrics.records.labels(self.group).inc(len(poll.records))
            self._metrics.dead_letters.labels(self.group).inc(len(poll.invalid))
            self._metrics.poll_seconds.labels(self.group).observe(time.monotonic() - begun)
            await self._advise(poll)
        await self._look_whether_caught_up()

    async def _apply(self, poll: Poll, tx: Transaction) -> None:
        """One poll's transaction; its first operation moves the offsets, or finds that they are elsewhere."""
        spans = await self._spans(poll)
        if not await self.offsets.advance(spans, tx):
            raise _Overtaken
        await self._outbox.put([self._dead_letter(r, why) for r, why in poll.invalid], tx)
        if poll.received:
            await self._handle(poll.received, tx)

    async def _spans(self, poll: Poll) -> list[Span]:
        """The poll's spans; raises TooManyInvalid where unreadable records in a row pass the limit."""
        if not poll.invalid:
            return [Span(p, records[0].offset, records[-1].offset) for p, records in poll.partitions()]
        before = await self.offsets.invalid_in_a_row(p for p, _ in poll.partitions())
        bad = {(r.topic, r.partition, r.offset) for r, _ in poll.invalid}
        spans = []
        for partition, records in poll.partitions():
            in_a_row = before.get(partition, 0)
            for record in records:
                in_a_row = in_a_row + 1 if (record.topic, record.partition, record.offset) in bad else 0
                if in_a_row > self._invalid_limit:
                    raise TooManyInvalid(
                        f"{self.group}: {in_a_row} unreadable records in a row in {partition.topic}:"
                        f"{partition.partition} up to offset {record.offset}"
                    )
            spans.append(Span(partition, records[0].offset, records[-1].offset, in_a_row))
        return spans

    async def _what_is_left(self, poll: Poll) -> Poll:
        """The poll without what is handled already, is no longer ours, or lies beyond a gap (read again by seeking)."""
        stored = await self.offsets.read(p for p, _ in poll.partitions())
        consumer: AIOKafkaConsumer = self._subscriber.consumer
        keep: list[ConsumerRecord[Any, Any]] = []
        for partition, records in poll.partitions():
            if partition not in consumer.assignment():
                continue
            rest = [record for record in records if record.offset >= stored[partition]]
            if rest and rest[0].offset > stored[partition]:
                consumer.seek(partition, stored[partition])
            else:
                keep += rest
        return poll.only(keep)

    async def _wait(self, attempt: int, error: Exception) -> None:
        self._metrics.retries.labels(self.group).inc()
        logger.warning("poll waits", group=self.group, attempt=attempt, error=type(error).__name__)
        await asyncio.sleep(BACKOFF_SECONDS[min(attempt, len(BACKOFF_SECONDS) - 1)])

    async def _advise(self, poll: Poll) -> None:
        """Commits to Kafka for the sake of lag tools; a refusal changes nothing."""
        consumer: AIOKafkaConsumer = self._subscriber.consumer
        ours = {p: records[-1].offset + 1 for p, records in poll.partitions() if p in consumer.assignment()}
        with suppress(KafkaError):
            await consumer.commit(ours)
        behind = sum(max(0, (consumer.highwater(p) or 0) - next_) for p, next_ in ours.items())
        self._metrics.lag.labels(self.group).set(behind)

    async def _look_whether_caught_up(self) -> None:
        if self.caught_up.is_set():
            return
        stored = await self.offsets.read(self._ends)
        if all(stored[partition] >= end for partition, end in self._ends.items()):
            self.caught_up.set()

    def _dead_letter(self, record: ConsumerRecord[Any, Any], reason: str) -> Row:
        """The record as it was, under its position, with the reason beside it."""
        position = f"{record.topic}:{record.partition}:{record.offset}"
        return Row(
            id=f"{self.group}:{position}",
            topic=topics.dead_letters(self.group),
            key=position.encode(),
            value=record.value,
            headers=[*record.headers, ("dlq_position", position.encode()), ("dlq_reason", reason.encode())],
        )

    async def _parse(self, batch: tuple[ConsumerRecord[Any, Any], ...], _: Any) -> KafkaMessage:
        """Takes a poll as it is: FastStream's own parser raises at a null or non-UTF-8 header and loses the poll."""
        return KafkaAckableMessage(
            body=None,
            headers={},
            raw_message=batch,
            message_id=str(batch[0].offset),
            correlation_id=self.group,
            consumer=self._subscriber.consumer,
        )


async def _no_decoding(_: Any) -> None:
    return None


class _SeekToStored(ConsumerRebalanceListener):  # type: ignore[misc, unused-ignore]
    """On assignment, reading begins at the stored offset; a hint, since delivery may begin before it has run."""

    def __init__(self, owner: BatchConsumer) -> None:
        self._owner = owner

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Nothing to do: the stored offsets fence what is still in hand."""

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Seeks."""
        stored = await self._owner.offsets.read(assigned)
        consumer = self._owner._subscriber.consumer
        for partition, offset in stored.items():
            if partition in consumer.assignment():
                consumer.seek(partition, offset)
