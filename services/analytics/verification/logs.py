"""The owners' topics from their first record on, up to an offset and no faster than is asked for."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from aiokafka import TopicPartition

from shared.contracts import wire
from shared.contracts.event import Envelope
from shared.contracts.wire import InvalidMessage
from shared.messaging.failures import RecordsLost
from shared.messaging.lineage import must_be_within
from shared.messaging.log import Logs
from shared.messaging.poll import Record
from shared.messaging.record_batches import UnreadableBatch, read

A_TIME = 500
"""Records that are decoded together, which nothing can interrupt."""
SAY_SECONDS = 5.0
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Read:
    """A record at its offset: the event, or why there is none."""

    offset: int
    envelope: Envelope | None
    reason: str = ""


@dataclass
class Pace:
    """The records that were read, of how many, how fast, and how fast they may be."""

    say: Say
    rate: int | None = None
    """Records a second; None for as fast as it goes."""
    of: int = 0
    records: int = 0
    begun: float = field(default_factory=time.monotonic)
    said: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self.begun

    async def go(self, records: int) -> None:
        """Counts records, and returns once the next ones may be read."""
        self.records += records
        now = time.monotonic()
        if now >= self.said + SAY_SECONDS:
            self.said = now
            left = (self.of - self.records) * self.seconds / self.records
            rate = self.records / self.seconds
            self.say(f"{self.records:,} of {self.of:,} records, {rate:,.0f} a second, {left:,.0f} s left")
        if self.rate is not None:
            await asyncio.sleep(max(0.0, self.records / self.rate - self.seconds))


class Histories:
    """The logs of partitions as a group has handled them."""

    def __init__(self, logs: Logs, pace: Pace) -> None:
        self._logs, self._pace = logs, pace

    async def records(self, group: str, partition: TopicPartition, end: int) -> AsyncIterator[Read]:
        """Yields every record below an offset.

        Raises RecordsLost where the log does not reach back to its first record, or ends before what was handled: then
        nobody can count again.
        """
        bounds = (await self._logs.bounds([partition]))[partition]
        must_be_within(group, partition, bounds, end)
        if bounds.begin > 0:
            raise RecordsLost.begins(group, partition, bounds.begin, 0)
        at = 0
        while at < end:
            try:
                piece = read(await self._logs.fetch(partition, at), A_TIME)
            except UnreadableBatch as batch:
                yield Read(at, None, f"up to offset {batch.next - 1}: {batch.reason}")
                at = batch.next
                continue
            below = [record for record in piece.records if record.offset < end]
            for one in _decoded(below, piece.invalid):
                yield one
            await self._pace.go(min(piece.next, end) - at)
            at = piece.next


def _decoded(records: Iterable[Record], invalid: Mapping[int, str]) -> Iterator[Read]:
    for record in records:
        if why := invalid.get(record.offset):
            yield Read(record.offset, None, why)
            continue
        try:
            yield Read(record.offset, wire.read(record.headers, record.value))
        except InvalidMessage as error:
            yield Read(record.offset, None, str(error))
