"""Commits to Kafka of a group's progress, for lag tools: advice, since the stored offsets are the truth."""

import asyncio
from collections.abc import Mapping, Set
from typing import Protocol

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

ANSWER_SECONDS = 5.0
"""For the broker to take it."""


class Committing(Protocol):
    """The reader of the group, as far as it is asked here."""

    def assignment(self) -> Set[TopicPartition]:
        """The partitions that it has now."""

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Tells Kafka; raises KafkaError."""

    def highwater(self, partition: TopicPartition) -> int | None:
        """The end of a partition that it has, as far as it knows."""


class Advice:
    """The progress of a group since Kafka was told."""

    def __init__(self) -> None:
        self._reached: dict[TopicPartition, int] = {}
        self._given_out = 0
        """How often the partitions were given out anew."""

    def note(self, reached: Mapping[TopicPartition, int]) -> None:
        """Takes in the offsets behind what has been handled."""
        self._reached |= reached

    def forget(self) -> None:
        """The partitions are given out anew: another may come further."""
        self._reached.clear()
        self._given_out += 1

    async def give(self, reader: Committing) -> int | None:
        """Commits what was noted, of the reader's own partitions; a refusal changes nothing.

        Returns the records known to wait behind it; None where there was nothing to tell.
        """
        mine = reader.assignment()
        ours = {partition: next_ for partition, next_ in self._reached.items() if partition in mine}
        self._reached.clear()
        given_out = self._given_out
        if not ours:
            return None
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await reader.commit(ours)
        except (KafkaError, TimeoutError):
            if given_out == self._given_out:  # told again, since a group that is idle by then notes nothing more
                self._reached = ours | self._reached
        still = reader.assignment()  # a rebalance may have ended meanwhile
        return sum(max(0, (reader.highwater(p) or 0) - next_) for p, next_ in ours.items() if p in still)
