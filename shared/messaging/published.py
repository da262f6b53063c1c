"""Marks of how far a database knows its service's own topics: what lies below them was published out of it."""

import time
from collections.abc import Collection, Iterable, Mapping

from aiokafka import TopicPartition
from pymongo import UpdateOne

from shared.storage.mongo import Mongo, Transaction

COLLECTION = "published"
KEEP_SECONDS = 1.0
"""Between two writes of a busy relay. A mark that lags behind costs a start some records to be read, and no more."""
UNSETTLED = "unsettled"
"""The row that says that the database was behind its topics, and that not all has been done yet that follows."""


class Marks:
    """The offset behind the last record, by partition of the service's own topics."""

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo[COLLECTION]

    async def read(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """The mark of each partition; 0 of one that has none."""
        ids = {_id(partition): partition for partition in partitions}
        marks = dict.fromkeys(ids.values(), 0)
        async for row in self._rows.find({"_id": {"$in": list(ids)}}):
            marks[ids[row["_id"]]] = int(row["next"])
        return marks

    async def lift(self, reached: Mapping[TopicPartition, int]) -> None:
        """Moves marks on; none goes back."""
        writes = [UpdateOne({"_id": _id(p)}, {"$max": {"next": next_}}, upsert=True) for p, next_ in reached.items()]
        if writes:
            await self._rows.bulk_write(writes, ordered=False)

    async def put(self, partition: TopicPartition, next_: int, tx: Transaction) -> None:
        """Moves a mark on, in the transaction that has brought the database there."""
        await self._rows.update_one({"_id": _id(partition)}, {"$max": {"next": next_}}, upsert=True, session=tx)

    async def lower(self, ends: Mapping[TopicPartition, int]) -> None:
        """Takes marks back to the ends of topics that were made anew, so that what they hold from then on is known."""
        for partition, end in ends.items():
            await self._rows.update_one({"_id": _id(partition)}, {"$min": {"next": end}})

    async def leave_unsettled(self, tx: Transaction) -> None:
        """Says that the database was behind."""
        await self._rows.update_one({"_id": UNSETTLED}, {"$set": {"behind": True}}, upsert=True, session=tx)

    async def is_settled(self) -> bool:
        """Tells that all has been done that follows from a database's having been behind."""
        return await self._rows.find_one({"_id": UNSETTLED}) is None

    async def settle(self) -> None:
        """Says so."""
        await self._rows.delete_one({"_id": UNSETTLED})


class Told:
    """A relay's account of what it has published and forgotten since its marks were written."""

    def __init__(self, marks: Marks, topics: Collection[str]) -> None:
        """Keeps the marks of these topics alone: letters that are put aside are nobody's state."""
        self._marks = marks
        self._topics = frozenset(topics)
        self._reached: dict[TopicPartition, int] = {}
        self._kept_at = float("-inf")

    def note(self, places: Iterable[tuple[TopicPartition, int]]) -> None:
        """Takes in partitions and offsets of records that the outbox has no more."""
        for partition, offset in places:
            if partition.topic in self._topics:
                self._reached[partition] = max(offset + 1, self._reached.get(partition, 0))

    async def keep_at_times(self) -> None:
        """Writes the marks where the last writing is long enough ago."""
        if time.monotonic() - self._kept_at >= KEEP_SECONDS:
            await self.keep()

    async def keep(self) -> None:
        """Writes the marks of what was noted; nothing where nothing was."""
        if self._reached:
            await self._marks.lift(self._reached)
            self._reached.clear()
            self._kept_at = time.monotonic()


def _id(partition: TopicPartition) -> str:
    return f"{partition.topic}:{partition.partition}"
