"""Stored offsets: how far a group has come, moved in the transaction of the effects; Kafka's own are advice."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aiokafka import TopicPartition
from pymongo import UpdateOne

from shared.errors import RecordsLost
from shared.mongo import Mongo, Transaction

COLLECTION = "offsets"
FENCES = "offset_fences"
"""One document of each group, which only a seeding and a fence write: no poll does."""


@dataclass(frozen=True, slots=True)
class Span:
    """Records of one partition in one poll: `first` to `last`, both included."""

    partition: TopicPartition
    first: int
    last: int
    invalid: int | None = None
    """Unreadable records in a row up to `last`; None where the span has none and ends the row."""


class StoredOffsets:
    """The offsets of one group; an offset is always that of the next record to handle."""

    def __init__(self, mongo: Mongo, group: str) -> None:
        self._mongo = mongo
        self._rows = mongo[COLLECTION]
        self._fences = mongo[FENCES]
        self.group = group

    async def read(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """The next offset of each partition; a partition never seen is seeded at 0, not at Kafka's committed offset."""
        ids = {self._id(partition): partition for partition in partitions}
        rows = await self._rows.find({"_id": {"$in": list(ids)}}).to_list(None)
        found = {ids[row["_id"]]: int(row["next"]) for row in rows}
        missing = [key for key, partition in ids.items() if partition not in found]
        if missing:
            await self._seed([ids[key] for key in missing])
        return {partition: found.get(partition, 0) for partition in ids.values()}

    async def must_be_within(self, ends: Mapping[TopicPartition, int]) -> None:
        """Raises RecordsLost where a partition ends before what has been handled: what is written there next would
        take the numbers of records that are gone, and would count as handled."""
        for partition, next_ in (await self.read(ends)).items():
            if next_ > ends[partition]:
                raise RecordsLost(self.group, f"{partition.topic}:{partition.partition}", ends[partition], next_)

    async def advance(self, spans: Iterable[Span], tx: Transaction) -> bool:
        """Moves every span's partition from its first to behind its last record; False if any is not at its first.

        Equality is what protects: against a repeated poll, a gap, and a zombie that lost the partition.
        """
        moves = [
            UpdateOne(
                {"_id": self._id(span.partition), "next": span.first},
                {"$set": {"next": span.last + 1, "invalid": span.invalid or 0}},
            )
            for span in spans
        ]
        result = await self._rows.bulk_write(moves, ordered=False, session=tx)
        return result.matched_count == len(moves)

    async def fence(self, tx: Transaction) -> None:
        """Makes `tx` conflict with every poll of the group that overlaps it: the second sees the first's effects.

        A poll under way moves a row that this moves too. A partition whose first poll is yet to come has no row that
        `tx` could see, but is seeded first, which moves the group's fence.
        """
        await self._move_fence(tx)
        await self._rows.update_many({"group": self.group}, {"$inc": {"fences": 1}}, session=tx)

    async def _seed(self, partitions: Iterable[TopicPartition]) -> None:
        """Gives new partitions their rows, in one transaction with the fence: a row is never there without it."""
        rows = [UpdateOne({"_id": self._id(p)}, {"$setOnInsert": self._row(p)}, upsert=True) for p in partitions]

        async def write(tx: Transaction) -> None:
            await self._move_fence(tx)
            await self._rows.bulk_write(rows, ordered=False, session=tx)

        await self._mongo.transact(write)

    async def _move_fence(self, tx: Transaction) -> None:
        await self._fences.update_one({"_id": self.group}, {"$inc": {"moves": 1}}, upsert=True, session=tx)

    async def invalid_in_a_row(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """How many unreadable records ended each partition's handled part."""
        ids = {self._id(partition): partition for partition in partitions}
        rows = await self._rows.find({"_id": {"$in": list(ids)}, "invalid": {"$gt": 0}}).to_list(None)
        return {ids[row["_id"]]: int(row["invalid"]) for row in rows}

    def _id(self, partition: TopicPartition) -> str:
        return f"{self.group}:{partition.topic}:{partition.partition}"

    def _row(self, partition: TopicPartition) -> dict[str, object]:
        return {"group": self.group, "topic": partition.topic, "partition": partition.partition, "next": 0}


async def position(mongo: Mongo, groups: Iterable["StoredOffsets"], tx: Transaction) -> Mapping[str, int]:
    """How far the groups have come, as seen by `tx`: `topic:partition` → next offset."""
    rows = await mongo[COLLECTION].find({"group": {"$in": [g.group for g in groups]}}, session=tx).to_list(None)
    return {f"{row['topic']}:{row['partition']}": row["next"] for row in sorted(rows, key=lambda r: str(r["_id"]))}
