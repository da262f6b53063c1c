"""A service's own topics, read beyond the marks of what its database is known to have published."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field

from aiokafka import TopicPartition

from shared.contracts import wire
from shared.contracts.event import Envelope
from shared.contracts.wire import InvalidMessage
from shared.messaging.log import Logs
from shared.messaging.poll import Record
from shared.messaging.record_batches import read

CHUNK = 500
"""Records that are looked at together."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Records of one partition, up to an offset."""

    partition: TopicPartition
    records: Sequence[Record]
    next: int


@dataclass(frozen=True, slots=True)
class Beyond:
    """The parts of own topics that lie beyond the marks, from an offset up to another one."""

    parts: Mapping[TopicPartition, tuple[int, int]]
    """In the order in which they are to be read: catalogues come first."""
    beyond_ends: Mapping[TopicPartition, int] = field(default_factory=dict)
    """The ends of logs that end before their marks."""

    def __bool__(self) -> bool:
        return any(first < end for first, end in self.parts.values())


async def beyond(logs: Logs, topics: Sequence[str], marks: Mapping[TopicPartition, int]) -> Beyond:
    """Returns what lies beyond the marks; raises KafkaError.

    A mark beyond a log's end is of one that was made anew, which its readers tell of: nothing of it is read here.
    """
    bounds = await logs.bounds(marks)
    in_order = sorted(marks, key=lambda partition: (topics.index(partition.topic), partition.partition))
    parts = {p: (min(max(marks[p], bounds[p].begin), bounds[p].end), bounds[p].end) for p in in_order}
    return Beyond(parts, {p: end for p, (_, end) in parts.items() if marks[p] > end})


async def chunks(logs: Logs, part: Beyond) -> AsyncIterator[Chunk]:
    """Yields the records, partition by partition; raises KafkaError or UnreadableBatch."""
    for partition, (first, end) in part.parts.items():
        at = first
        while at < end:
            piece = read(await logs.fetch(partition, at), CHUNK)
            at = piece.next
            if piece.records:
                yield Chunk(partition, piece.records, at)


@dataclass(frozen=True, slots=True)
class Numbered:
    """A record by the headers that number it, before it is read."""

    subject: str
    sequence: int
    record: Record

    def read(self) -> Envelope | None:
        """Returns the event; None for a record that is none, which its readers put aside."""
        try:
            return wire.read(self.record.headers, self.record.value)
        except InvalidMessage:
            return None


def numbered(records: Sequence[Record], source: str) -> list[Numbered]:
    """Returns those records that say of themselves that a service has published them."""
    found = []
    for record in records:
        headers = dict(record.headers)
        subject, sequence = headers.get("ce_subject"), headers.get("ce_sequence")
        if subject and sequence and sequence.isdigit() and headers.get("ce_source") == source.encode():
            found.append(Numbered(subject.decode(errors="replace"), int(sequence), record))
    return found
