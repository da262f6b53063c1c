"""The way of a group to where the logs ended when a process began: until then, what refers to it waits."""

import asyncio
from collections.abc import Collection, Mapping

from aiokafka import TopicPartition

from shared.messaging.lineage import Lineage
from shared.messaging.offsets import StoredOffsets


class CatchUp:
    """A group's catching up, whichever worker moves its offsets."""

    def __init__(self, topics: Collection[str], offsets: StoredOffsets, lineage: Lineage) -> None:
        self.done = asyncio.Event()
        """Set once the group's stored offsets have reached the ends seen at start."""
        self.is_reference = False
        """Whether others wait for it, so that the process is not ready before."""
        self.is_shown_whole = False
        """Whether the same holds while it fills its collections for the first time: nobody is shown half of them."""
        self._topics = topics
        self._offsets = offsets
        self._lineage = lineage
        self._ends: Mapping[TopicPartition, int] = {}

    async def know_ends(self, ends: Mapping[TopicPartition, int]) -> None:
        """Tells which offsets `done` waits for; raises RecordsLost where the logs are not those of before."""
        self._ends = {partition: end for partition, end in ends.items() if partition.topic in self._topics}
        await self._lineage.must_be_there()
        await self._lineage.must_hold(self._ends)
        stored = await self._offsets.read(self._ends)
        begins = any(stored[partition] == 0 < end for partition, end in self._ends.items())
        if self.is_shown_whole and (begins or await self._offsets.is_filling()):
            self.is_reference = True
            await self._offsets.begin_filling()
        await self.look()

    async def look(self) -> None:
        """Asks the stored offsets, which any worker of the group may have moved."""
        if self.done.is_set():
            return
        stored = await self._offsets.read(self._ends)
        if all(stored[partition] >= end for partition, end in self._ends.items()):
            if self.is_shown_whole:
                await self._offsets.end_filling()
            self.done.set()

    @property
    def partitions(self) -> Collection[TopicPartition]:
        """The partitions that there were at start."""
        return self._ends.keys()
