"""A group's reader of its partitions: it says what each poll covers, and stands still where it cannot read."""

import asyncio
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import (
    ConsumerStoppedError,
    CorruptRecordException,
    IllegalStateError,
    KafkaError,
    UnsupportedCodecError,
)

from shared.messaging.failures import RecordsLost
from shared.messaging.faults import is_transient
from shared.messaging.log import Logs
from shared.messaging.poll import Poll, Position, Record, Span
from shared.messaging.record_batches import UnreadableBatch, read

FULL_BYTES = 1_048_576
"""The broker answers a fetch with so much at once, and with less when the reader's linger is over."""
APART_RECORDS = 500
"""Read of each partition at most when a poll has to be put together partition by partition."""
PAUSE_SECONDS = 1.0
"""After an error of the broker's or the group's."""
QUIET_SECONDS = 2.0
"""Without a record for so long, a reader is no longer in a hurry to fill its polls."""
QUIET_WAIT_MS = 500
"""The broker is then asked so seldom, and answers with the first record at once; the next ones may wait this long."""
UNREADABLE = (CorruptRecordException, UnsupportedCodecError)
"""The errors of aiokafka that are of a batch, and not of the broker or the group."""
Found = Mapping[TopicPartition, Sequence[Record]]


class Owner(Protocol):
    """The consumer that a reader reads for."""

    group: str
    logs: Logs
    linger_ms: int

    async def may_read(self) -> None:
        """Returns when there is nothing to be waited for; raises ConsumerStoppedError when it has given up."""

    async def handle(self, poll: Poll) -> None:
        """Takes a poll that has no records: only offsets that will never hold any."""

    def waits(self, reason: str) -> None:
        """Notes that reading does not go on."""

    def reads(self) -> None:
        """Notes that reading goes on."""

    async def stands(self, partition: TopicPartition, batch: UnreadableBatch) -> None:
        """Notes that a partition cannot be read on."""

    async def goes_on(self, partition: TopicPartition) -> None:
        """Notes that a partition that stood still can be read on."""

    def give_up(self, error: Exception) -> None:
        """Ends the consumer."""


@dataclass(slots=True)
class Batch:
    """The reader's account of the records that it has just returned."""

    spans: Mapping[TopicPartition, Span] = field(default_factory=dict)
    invalid: Mapping[Position, str] = field(default_factory=dict)


class Reader(AIOKafkaConsumer):  # type: ignore[misc, unused-ignore]
    """An aiokafka consumer whose polls cover a partition without a hole.

    An offset may be without a record: the end of a transaction has one of its own. So a span begins where the one
    before it ended, or where reading was told to begin, and not at its first record; that nothing was lost in between
    is told by where the log begins.
    """

    def __init__(self, owner: Owner, **options: Any) -> None:
        super().__init__(**options)
        self.batch = Batch()
        self.stopped: dict[TopicPartition, UnreadableBatch] = {}
        self._owner = owner
        self._next: dict[TopicPartition, int] = {}
        self._moves = 0
        self._found_at = -math.inf

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Reading goes on at an offset."""
        super().seek(partition, offset)
        self._next[partition] = offset
        self._moves += 1

    def forget(self) -> None:
        """Forgets where it was: the partitions are about to be given out anew."""
        self._next.clear()
        self.stopped.clear()
        self._moves += 1

    def go_on(self, partition: TopicPartition) -> None:
        """Tries a partition again that could not be read."""
        if partition in self.assignment():
            self.resume(partition)

    async def getmany(self, *_: TopicPartition, timeout_ms: int = 0, max_records: int | None = None) -> Found:
        """The next records, as soon as there are any; `batch` says what they cover."""
        try:
            while True:
                await self._owner.may_read()
                found = await self._poll(timeout_ms, max_records)
                if found:
                    return found
                if self.batch.spans:
                    await self._owner.handle(Poll.of([], self.batch.spans))
        except ConsumerStoppedError:
            raise
        except Exception as error:
            self._owner.give_up(error)
            raise ConsumerStoppedError from error

    async def _poll(self, timeout_ms: int, max_records: int | None) -> Found:
        self.batch = Batch()
        try:
            found, invalid = await self._records(timeout_ms, max_records)
            self.batch = Batch(await self._spans(found), invalid)
        except Exception as error:
            if not is_transient(error):
                raise
            self._rewind()
            self._owner.waits(type(error).__name__)
            await asyncio.sleep(PAUSE_SECONDS)
            return {}
        return found

    async def _records(self, timeout_ms: int, max_records: int | None) -> tuple[Found, Mapping[Position, str]]:
        try:
            found: Found = await super().getmany(timeout_ms=timeout_ms, max_records=max_records)
        except Exception as error:
            if isinstance(error, ConsumerStoppedError | KafkaError) and not isinstance(error, UNREADABLE):
                raise
            self._rewind()
            return await self._apart()
        self._pace(bool(found))
        if not self.stopped:
            self._owner.reads()
        return found, {}

    def _pace(self, found: bool) -> None:
        """Lets the broker fill its answers while records come; in quiet hours fetches cost more than they find.

        aiokafka takes both settings from the beginning alone, but reads them anew for each fetch.
        """
        now = time.monotonic()
        self._found_at = now if found else self._found_at
        quiet = now - self._found_at > QUIET_SECONDS
        self._fetcher._fetch_min_bytes = 1 if quiet else FULL_BYTES
        self._fetcher._fetch_max_wait_ms = QUIET_WAIT_MS if quiet else self._owner.linger_ms

    def _rewind(self) -> None:
        """Goes back to behind what was returned: an error in one partition loses what was taken of others before it."""
        for partition in self._next.keys() & self.assignment():
            super().seek(partition, self._next[partition])

    async def _spans(self, found: Found) -> dict[TopicPartition, Span]:
        """Returns the spans of the records; where reading was moved meanwhile, no more than the records themselves."""
        moves = self._moves
        reached = {partition: (records[0].offset, records[-1].offset + 1) for partition, records in found.items()}
        if not found:
            reached = {p: (at, at) for p in list(self._next) if (at := await self._position(p)) is not None}
        spans = {p: Span(await self._begin(p, first), next_) for p, (first, next_) in reached.items()}
        for partition in self.stopped.keys() & found.keys():
            await self._owner.goes_on(partition)
        if self._moves != moves:
            self._next |= {p: at for p in reached if (at := await self._position(p)) is not None}
            return {p: Span(first, next_) for p, (first, next_) in reached.items() if next_ > first}
        spans = {p: span for p, span in spans.items() if span.next > span.first}
        self._next |= {p: span.next for p, span in spans.items()}
        return spans

    async def _begin(self, partition: TopicPartition, first: int) -> int:
        """Returns the begin of a span whose first record, or whose end, is at `first`; raises RecordsLost."""
        begin = self._next.get(partition, first)
        if begin >= first:
            return first
        bounds = (await self._owner.logs.bounds([partition]))[partition]
        if bounds.begin > begin:
            raise RecordsLost.begins(self._owner.group, partition, bounds.begin, begin)
        return begin

    async def _position(self, partition: TopicPartition) -> int | None:
        try:
            return int(await self.position(partition))
        except (IllegalStateError, KafkaError):
            return None

    async def _apart(self) -> tuple[Found, dict[Position, str]]:
        """The next records of each partition by itself: one that cannot be read keeps none of the others."""
        found: dict[TopicPartition, Sequence[Record]] = {}
        invalid: dict[Position, str] = {}
        for partition in sorted(self.assignment() - self.paused()):
            if (at := self._next.get(partition)) is None:
                continue  # it is being given out anew, and is read from where it is said to begin
            try:
                piece = read(await self._owner.logs.fetch(partition, at), APART_RECORDS)
                super().seek(partition, piece.next)
            except UnreadableBatch as batch:
                await self._stop_at(partition, batch)
            except KafkaError as error:  # also that the partition has been given to another meanwhile
                self._owner.waits(type(error).__name__)
            else:
                if piece.records:
                    found[partition] = piece.records
                invalid |= {(*partition, offset): why for offset, why in piece.invalid.items()}
        return found, invalid

    async def _stop_at(self, partition: TopicPartition, batch: UnreadableBatch) -> None:
        if partition in self.assignment():  # else it is another's by now
            self.pause(partition)
            self.stopped[partition] = batch
            await self._owner.stands(partition, batch)
