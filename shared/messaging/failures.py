"""Failures that keep a consumer from going on; no caller is ever told.

GroupEnds             the process ends
├── RecordsLost       records are gone from a topic
├── ConsumerStopped   our own code fails at a record
└── TooManyInvalid    more invalid records than a limit allows
FactOvertaken         facts that name what the catalogue does not hold yet; they are kept for later
"""

from collections.abc import Mapping
from typing import Protocol


class Partition(Protocol):
    """A partition of a topic, as Kafka's client has it."""

    @property
    def topic(self) -> str:
        """Its topic's name."""

    @property
    def partition(self) -> int:
        """Its number."""


class GroupEnds(Exception):
    """Nothing of the group may be handled on until somebody has looked; the message says at what."""


class RecordsLost(GroupEnds):
    """Of a topic, records that were handled are gone, or others that were not: nothing may be handled on in silence."""

    @classmethod
    def ends(cls, group: str, partition: Partition, end: int, handled: int) -> "RecordsLost":
        """The log ends before what was handled."""
        return cls(
            f"{_name(partition)} ends at offset {end}, but {group} has handled everything below {handled}: the topic "
            "was made anew, or its broker has lost records"
        )

    @classmethod
    def begins(cls, group: str, partition: Partition, begin: int, handled: int) -> "RecordsLost":
        """The log begins behind what was handled."""
        return cls(
            f"{_name(partition)} begins at offset {begin}, but {group} has handled only what is below {handled}: "
            f"the records from {handled} to {begin - 1} were deleted before they were handled"
        )

    @classmethod
    def is_another(cls, group: str, partition: Partition, offset: int) -> "RecordsLost":
        """The log has another record where a handled one was."""
        return cls(
            f"{_name(partition)} has another record at offset {offset} than the one that {group} has handled: the "
            "topic was made anew, or its broker has lost records, and what took their offsets was never handled"
        )


class ConsumerStopped(GroupEnds):
    """Our own code fails at a record, whose position is named."""


class FactOvertaken(Exception):
    """Facts that name what the catalogue does not hold yet: their positions, each with what is missing."""

    def __init__(self, missing: Mapping[tuple[str, int, int], str]) -> None:
        super().__init__("; ".join(sorted(set(missing.values()))))
        self.missing = missing


class TooManyInvalid(GroupEnds):
    """More records could not be read or applied than the limits allow: the fault is ours, not theirs."""


def _name(partition: Partition) -> str:
    return f"{partition.topic}:{partition.partition}"
