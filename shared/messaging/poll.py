"""The records of one poll, read once: events, and what is put aside with the reason."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeAlias

from aiokafka import ConsumerRecord, TopicPartition

from shared.contracts import wire
from shared.contracts.event import Envelope
from shared.contracts.wire import InvalidMessage
from shared.messaging.failures import ConsumerStopped

Record: TypeAlias = ConsumerRecord[Any, Any]  # type: ignore[type-arg, unused-ignore]
Position = tuple[str, int, int]
"""Topic, partition and offset of a record."""


class Span(NamedTuple):
    """The part of a partition that a poll covers: from `first` up to `next`, which may hold more than records."""

    first: int
    next: int

    def holds(self, offset: int) -> bool:
        """Tells that an offset lies in it."""
        return self.first <= offset < self.next


@dataclass(frozen=True, slots=True)
class Received:
    """An event and where it was read."""

    envelope: Envelope
    topic: str
    partition: int
    offset: int

    @property
    def event(self) -> Any:
        """The event itself; handlers tell its class by isinstance."""
        return self.envelope.event

    @property
    def position(self) -> Position:
        """The record's position."""
        return self.topic, self.partition, self.offset


@dataclass(frozen=True, slots=True)
class Poll:
    """The records in hand: events, and those that are put aside, for good or until they can be applied."""

    spans: Mapping[TopicPartition, Span]
    records: Sequence[Record]
    received: Sequence[Received] = field(default_factory=list)
    invalid: Mapping[Position, str] = field(default_factory=dict)
    """What goes to the dead letters, with the reason."""
    deferred: Mapping[Position, str] = field(default_factory=dict)
    """What is kept until what it names is there, with what is missing."""

    @classmethod
    def of(
        cls,
        records: Sequence[Record],
        spans: Mapping[TopicPartition, Span] | None = None,
        invalid: Mapping[Position, str] | None = None,
    ) -> "Poll":
        """Reads the records but those known to be invalid; without spans, they cover what lies between them.

        Raises ConsumerStopped, with the position, where reading fails otherwise than by the record's fault.
        """
        received, refused = list[Received](), dict(invalid or {})
        for record in records:
            position = position_of(record)
            if position in refused:
                continue
            try:
                envelope = wire.read(record.headers, record.value)
            except InvalidMessage as error:
                refused[position] = str(error)
            except Exception as error:
                raise ConsumerStopped(f"reading fails at {text_of(position)}: {type(error).__name__}") from error
            else:
                received.append(Received(envelope, *position))
        return cls(_covered(records) if spans is None else spans, records, received, refused)

    def by_partition(self) -> dict[TopicPartition, list[Record]]:
        """The records of each partition that it covers, in order."""
        found: dict[TopicPartition, list[Record]] = {partition: [] for partition in self.spans}
        for record in self.records:
            found[_partition(record)].append(record)
        return found

    def records_at(self, positions: Container[Position]) -> list[Record]:
        """The records at these positions."""
        return [record for record in self.records if position_of(record) in positions] if positions else []

    def behind(self, stored: Mapping[TopicPartition, int]) -> "Poll":
        """The part of it that lies behind these offsets, of their partitions alone."""
        spans = {
            partition: Span(max(first, stored[partition]), next_)
            for partition, (first, next_) in self.spans.items()
            if partition in stored and next_ > stored[partition]
        }
        nowhere = Span(0, 0)
        records = [r for r in self.records if spans.get(_partition(r), nowhere).holds(r.offset)]
        return self._only(spans, records)

    def _only(self, spans: Mapping[TopicPartition, Span], records: Sequence[Record]) -> "Poll":
        kept = {position_of(record) for record in records}
        return Poll(
            spans,
            records,
            [r for r in self.received if r.position in kept],
            {position: why for position, why in self.invalid.items() if position in kept},
            {position: why for position, why in self.deferred.items() if position in kept},
        )

    def refusing(self, faulty: Mapping[Position, str]) -> "Poll":
        """The poll with these records among the invalid ones."""
        return replace(self, received=self._without(faulty), invalid={**self.invalid, **faulty})

    def deferring(self, missing: Mapping[Position, str]) -> "Poll":
        """The poll with these records kept for later."""
        return replace(self, received=self._without(missing), deferred={**self.deferred, **missing})

    def _without(self, positions: Iterable[Position]) -> list[Received]:
        gone = set(positions)
        return [r for r in self.received if r.position not in gone]


def position_of(record: Record) -> Position:
    """Returns a record's position."""
    return record.topic, record.partition, record.offset


def text_of(position: Position) -> str:
    """Writes a position as `topic:partition:offset`."""
    topic, partition, offset = position
    return f"{topic}:{partition}:{offset}"


def _partition(record: Record) -> TopicPartition:
    return TopicPartition(record.topic, record.partition)


def _covered(records: Sequence[Record]) -> dict[TopicPartition, Span]:
    spans: dict[TopicPartition, Span] = {}
    for record in records:
        first = spans.get(_partition(record), (record.offset,))[0]
        spans[_partition(record)] = Span(first, record.offset + 1)
    return spans
