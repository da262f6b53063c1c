"""A group's consumer: it applies each poll until it is settled, and tells the reader when to read on."""

import asyncio
import time
from collections.abc import Container
from contextlib import suppress

from aiokafka import TopicPartition
from aiokafka.errors import ConsumerStoppedError

from shared.base.telemetry import Trouble
from shared.messaging.advice import Advice
from shared.messaging.catch_up import CatchUp
from shared.messaging.deferred import Deferred
from shared.messaging.failures import FactOvertaken
from shared.messaging.faults import is_transient
from shared.messaging.isolation import Apply, Isolation
from shared.messaging.lineage import Lineage
from shared.messaging.offsets import StoredOffsets
from shared.messaging.poll import Poll, Position
from shared.messaging.poll_transaction import Elsewhere, PollTransaction, SettledElsewhere
from shared.messaging.reader import Reader
from shared.messaging.record_batches import UnreadableBatch
from shared.messaging.standstill import Standstills
from shared.messaging.subscription import Resources, Subscription
from shared.storage.mongo import Transaction

BACKOFF_SECONDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class BatchConsumer:
    """One group's reader of some topics. Stored offsets are the truth: shared/decisions/0002."""

    def __init__(self, subscription: Subscription, resources: Resources, after: "BatchConsumer | None" = None) -> None:
        """Reads a subscription; `after` is the consumer of the catalogue that its facts refer to."""
        mongo, clock = resources.mongo, resources.clock
        self.group, self.topics, self.events = subscription.group, list(subscription.topics), subscription.events
        self.linger_ms = subscription.linger_ms
        self.failed: asyncio.Future[None] = asyncio.Future()
        """Done, with the reason, when the consumer has given up; the process ends then."""
        self.reader: Reader | None = None
        self.defers = False
        """Whether events of its own polls wait, as far as it knows."""
        self.logs, self.offsets = resources.logs, StoredOffsets(mongo, self.group)
        self.lineage = Lineage(mongo, self.offsets, self.logs)
        self.standstills = Standstills(mongo, self.offsets)
        self.trouble = Trouble("poll waits", group=self.group)
        self.catch_up = CatchUp(self.topics, self.offsets, self.lineage)
        if after is not None:
            after.catch_up.is_reference = True
        self._after, self._clock, self._metrics = after, clock, resources.metrics
        handle = subscription.events.of_those(subscription.handle)
        self._deferred, self._isolation = Deferred(mongo, self.group), Isolation(mongo, self.group, handle, clock)
        self._steps = PollTransaction(
            handle, self.offsets, self._deferred, resources.outbox, clock, subscription.invalid_limit
        )
        self._advice = Advice()

    # What the reader asks of it.

    async def may_read(self) -> None:
        """Returns once the catalogue has been read that the facts refer to; raises ConsumerStoppedError at the end."""
        if self._after is not None:
            await self._after.catch_up.done.wait()
        if self.failed.done():
            raise ConsumerStoppedError

    async def handle(self, poll: Poll) -> None:
        """Applies a poll; an error ends the consumer, since whoever calls would go on to the next poll."""
        try:
            await self.handle_poll(poll)
        except Exception as error:
            self.give_up(error)

    def give_up(self, error: Exception) -> None:
        """Ends the consumer; the process sees it in `failed`."""
        if not self.failed.done():
            self.failed.set_exception(error)

    def waits(self, reason: str) -> None:
        """Notes that reading does not go on."""
        self.trouble.met(reason)

    def reads(self) -> None:
        """Notes that reading goes on."""
        self.trouble.over()

    async def stands(self, partition: TopicPartition, batch: UnreadableBatch) -> None:
        """Notes that a partition cannot be read on: it stands still until it can, or an operator passes the batch."""
        where = f"{partition.topic}:{partition.partition}, offsets {batch.first} to {batch.next - 1}"
        self.trouble.met(f"{where} cannot be read: {batch.reason}")
        await self.standstills.note(partition, batch, self._clock())

    async def goes_on(self, partition: TopicPartition) -> None:
        """Notes that a partition that stood still can be read on."""
        await self.standstills.forget(partition)
        if self.reader is not None:
            self.reader.stopped.pop(partition, None)
            if not self.reader.stopped:
                self.trouble.over()

    # Polls.

    async def handle_poll(self, poll: Poll) -> None:
        """Applies the poll, as often as it takes; what others have handled meanwhile falls out of it."""
        begun = time.monotonic()
        poll = await self._settled(poll, self._steps.apply)
        if poll.spans:
            self._metrics.records.labels(self.group).inc(len(poll.records))
            self._metrics.dead_letters.labels(self.group).inc(len(poll.invalid))
            self._metrics.poll_seconds.labels(self.group).observe(time.monotonic() - begun)
            self._advice.note({partition: span.next for partition, span in poll.spans.items()})

    async def retry_deferred(self) -> None:
        """Applies the oldest of what waits."""
        waiting = await self._deferred.waiting()
        if waiting:

            async def apply(poll: Poll, tx: Transaction) -> None:
                await self._steps.apply_deferred(poll, waiting, tx)

            again = {w.position for w in waiting if w.kind == "redriven"}
            with suppress(SettledElsewhere):
                await self._settled(Poll.of([w.record for w in waiting], spans={}), apply, again)
        self.defers = bool(waiting)

    async def _settled(self, poll: Poll, apply: Apply, again: Container[Position] = ()) -> Poll:
        """Returns the part of the poll that has been applied in the end."""
        attempt, elsewhere = 0, False
        while poll.spans or poll.records:
            try:
                if elsewhere:
                    poll, elsewhere = await self._what_is_left(poll), False
                    continue
                if not (refused := await self._isolation.tried(poll, apply, again)):
                    break
                poll = poll.refusing(refused)
            except Elsewhere:
                elsewhere = True
            except FactOvertaken as error:
                poll, self.defers = poll.deferring(error.missing), True
            except Exception as error:
                if not is_transient(error):
                    raise
                await self._wait(attempt, error)
            attempt += 1
        if attempt and not (self.reader and self.reader.stopped):
            self.trouble.over()
        return poll

    async def _what_is_left(self, poll: Poll) -> Poll:
        """The poll without what is handled already, is no longer ours, or lies beyond a gap (read again by seeking)."""
        await self.lineage.must_hold(poll.spans)
        stored = await self.offsets.read(poll.spans)
        mine = self.reader.assignment() if self.reader else frozenset()
        ours = {partition: next_ for partition, next_ in stored.items() if partition in mine}
        for partition, next_ in list(ours.items()):
            span = poll.spans[partition]
            if span.first > next_ or span.next <= next_:
                assert self.reader is not None
                self.reader.seek(partition, next_)
                del ours[partition]
        return poll.behind(ours)

    async def _wait(self, attempt: int, error: Exception) -> None:
        self._metrics.retries.labels(self.group).inc()
        self.trouble.met(type(error).__name__)
        await asyncio.sleep(BACKOFF_SECONDS[min(attempt, len(BACKOFF_SECONDS) - 1)])

    async def advise(self) -> None:
        """Tells Kafka of the polls that were handled since, and the metrics of what is known to be behind them."""
        behind = None if self.reader is None else await self._advice.give(self.reader)
        if behind is not None:
            self._metrics.lag.labels(self.group).set(behind)

    def forget(self) -> None:
        """The partitions are about to be given out anew; the stored offsets fence what is still in hand."""
        self._advice.forget()
        if self.reader is not None:
            self.reader.forget()
