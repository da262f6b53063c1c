"""The records of one poll, read once: events, and what cannot be read with the reason."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition

from shared.contracts import wire
from shared.contracts.event import Envelope
from shared.errors import FactOvertaken, InvalidMessage


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


@dataclass(frozen=True, slots=True)
class Poll:
    """The records in hand, read once: events, and what cannot be read with the reason."""

    records: list[ConsumerRecord[Any, Any]]
    received: list[Received] = field(default_factory=list)
    invalid: list[tuple[ConsumerRecord[Any, Any], str]] = field(default_factory=list)

    @classmethod
    def of(cls, records: Sequence[ConsumerRecord[Any, Any]]) -> "Poll":
        poll = cls(list(records))
        for record in records:
            try:
                envelope = wire.read(record.headers, record.value)
            except InvalidMessage as error:
                poll.invalid.append((record, str(error)))
            else:
                poll.received.append(Received(envelope, record.topic, record.partition, record.offset))
        return poll

    def partitions(self) -> list[tuple[TopicPartition, list[ConsumerRecord[Any, Any]]]]:
        """The records by partition, each in order."""
        found: dict[TopicPartition, list[ConsumerRecord[Any, Any]]] = {}
        for record in self.records:
            found.setdefault(TopicPartition(record.topic, record.partition), []).append(record)
        return list(found.items())

    def only(self, records: list[ConsumerRecord[Any, Any]]) -> "Poll":
        """The part of it that `records` are."""
        kept = {(r.topic, r.partition, r.offset) for r in records}
        return Poll(
            records,
            [r for r in self.received if (r.topic, r.partition, r.offset) in kept],
            [(r, why) for r, why in self.invalid if (r.topic, r.partition, r.offset) in kept],
        )

    def without(self, overtaken: FactOvertaken) -> "Poll":
        """It with the events whose reference never came counted as invalid."""
        missing = overtaken.missing
        late = [
            (record, missing[record.topic, record.partition, record.offset])
            for record in self.records
            if (record.topic, record.partition, record.offset) in missing
        ]
        return Poll(
            self.records,
            [r for r in self.received if (r.topic, r.partition, r.offset) not in missing],
            self.invalid + late,
        )
