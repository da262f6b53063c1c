"""Stored offsets: how far a group has come, moved in the transaction of the effects; Kafka's own are advice."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aiokafka import TopicPartition
from pymongo import UpdateOne

from shared.storage.mongo import Document, Mongo, Transaction

COLLECTION = "offsets"
FENCES = "offset_fences"
"""One document of each group: it moves with a seeding and a fence, and is told of what is filled or applied later."""


@dataclass(frozen=True, slots=True)
class Move:
    """One poll's move of one partition: from `first`, its first offset, to `next`, the one behind its last."""

    partition: TopicPartition
    first: int
    next: int
    invalid: int = 0
    """Unreadable records in a row that it ends with."""
    last: tuple[int, bytes] | None = None
    """The offset of its last record, and the mark by which that is known again; None for a poll without records."""


class StoredOffsets:
    """The offsets of one group; an offset is always that of the next record to handle."""

    def __init__(self, mongo: Mongo, group: str) -> None:
        self._mongo = mongo
        self._rows = mongo[COLLECTION]
        self._fences = mongo[FENCES]
        self.group = group

    async def read(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """The next offset of each partition; a partition never seen is seeded at 0, not at Kafka's committed offset."""
        return {partition: int(row["next"]) for partition, row in (await self.rows(partitions)).items()}

    async def rows(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, Document]:
        """As stored: `next`, and of what was handled `last` with its `offset` and `mark`, if that was kept."""
        ids = {self.id(partition): partition for partition in partitions}
        found = {row["_id"]: row for row in await self._rows.find({"_id": {"$in": list(ids)}}).to_list(None)}
        missing = [partition for key, partition in ids.items() if key not in found]
        if missing:
            await self._seed(missing)
        return {partition: found.get(key) or self._row(partition) for key, partition in ids.items()}

    async def handled(self) -> dict[TopicPartition, int]:
        """The next offset of every partition of which anything was handled."""
        found = self._rows.find({"group": self.group, "next": {"$gt": 0}})
        return {TopicPartition(row["topic"], row["partition"]): int(row["next"]) async for row in found}

    async def advance(self, moves: Iterable[Move], tx: Transaction) -> bool:
        """Moves every partition from its first offset to behind its last; False if any is not at its first.

        Equality is what protects: against a repeated poll, a gap, and a zombie that lost the partition.
        """
        writes = [UpdateOne({"_id": self.id(m.partition), "next": m.first}, {"$set": _moved(m)}) for m in moves]
        result = await self._rows.bulk_write(writes, ordered=False, session=tx)
        return result.matched_count == len(writes)

    async def fence(self, tx: Transaction) -> None:
        """Makes `tx` conflict with every poll of the group that overlaps it: the second sees the first's effects.

        A poll under way moves a row that this moves too. A partition whose first poll is yet to come has no row that
        `tx` could see, but is seeded first, which moves the group's fence.
        """
        await self._move_fence(tx)
        await self._rows.update_many({"group": self.group}, {"$inc": {"fences": 1}}, session=tx)

    async def _seed(self, partitions: Iterable[TopicPartition]) -> None:
        """Gives new partitions their rows, in one transaction with the fence: a row is never there without it."""
        rows = [UpdateOne({"_id": self.id(p)}, {"$setOnInsert": self._row(p)}, upsert=True) for p in partitions]

        async def write(tx: Transaction) -> None:
            await self._move_fence(tx)
            await self._rows.bulk_write(rows, ordered=False, session=tx)

        await self._mongo.transact(write)

    async def begin_filling(self) -> None:
        """Says that the group's collections are being filled for the first time, until `end_filling`."""
        await self._fences.update_one({"_id": self.group}, {"$set": {"filling": True}}, upsert=True)

    async def is_filling(self) -> bool:
        """Tells that it was begun and has not been ended, by whichever process."""
        return await self._fences.find_one({"_id": self.group, "filling": True}) is not None

    async def end_filling(self) -> None:
        """Says that nobody is shown half of them any more."""
        await self._fences.update_one({"_id": self.group, "filling": True}, {"$unset": {"filling": ""}})

    async def count_later(self, events: int, tx: Transaction) -> None:
        """Counts events that are applied behind their offsets' back: what is told by offsets alone has changed."""
        change = {"$inc": {"later": events}}
        await self._fences.update_one({"_id": self.group}, change, upsert=True, session=tx)

    async def restart(self, partition: TopicPartition, at: int, tx: Transaction) -> None:
        """Lets the group go on at an offset, with nothing known of what was handled before."""
        anew = {"$set": {"next": at, "invalid": 0}, "$unset": {"last": ""}}
        await self._rows.update_one({"_id": self.id(partition)}, anew, session=tx)

    async def skip(self, partition: TopicPartition, first: int, next_: int, tx: Transaction) -> None:
        """Passes the offsets from `first`, where the group is, up to and without `next_`."""
        where = {"_id": self.id(partition), "next": first}
        await self._rows.update_one(where, {"$set": {"next": next_, "invalid": 0}}, session=tx)

    async def forget(self, partition: TopicPartition, tx: Transaction) -> None:
        """Forgets a partition that is gone."""
        await self._rows.delete_one({"_id": self.id(partition)}, session=tx)

    async def next_of(self, partition: TopicPartition, tx: Transaction) -> int | None:
        """The next offset of a partition; None of one that was never seen."""
        row = await self._rows.find_one({"_id": self.id(partition)}, {"next": 1}, session=tx)
        return None if row is None else int(row["next"])

    async def partitions_of(self, topic: str) -> list[TopicPartition]:
        """The partitions of a topic that the group has seen."""
        rows = self._rows.find({"group": self.group, "topic": topic}, {"partition": 1})
        return [TopicPartition(topic, row["partition"]) async for row in rows]

    async def _move_fence(self, tx: Transaction) -> None:
        await self._fences.update_one({"_id": self.group}, {"$inc": {"moves": 1}}, upsert=True, session=tx)

    async def invalid_in_a_row(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Returns the number of unreadable records that ended each partition's handled part."""
        ids = {self.id(partition): partition for partition in partitions}
        rows = await self._rows.find({"_id": {"$in": list(ids)}, "invalid": {"$gt": 0}}).to_list(None)
        return {ids[row["_id"]]: int(row["invalid"]) for row in rows}

    def id(self, partition: TopicPartition) -> str:
        """`_id` of a partition's row."""
        return offset_id(self.group, partition)

    def _row(self, partition: TopicPartition) -> Document:
        return {"group": self.group, "topic": partition.topic, "partition": partition.partition, "next": 0}


def offset_id(group: str, partition: TopicPartition) -> str:
    """`_id` of the row that a group has of a partition."""
    return f"{group}:{partition.topic}:{partition.partition}"


def _moved(move: Move) -> Document:
    fields: Document = {"next": move.next, "invalid": move.invalid}
    if move.last is not None:
        offset, mark = move.last
        fields["last"] = {"offset": offset, "mark": mark}
    return fields


async def position(mongo: Mongo, groups: Iterable["StoredOffsets"], tx: Transaction) -> Mapping[str, int]:
    """Returns the groups' progress as seen by `tx`, a snapshot: `topic:partition` → next offset.

    Under `later` stands the number of events that were applied after their offsets had been passed, if there were any.
    """
    names = [group.group for group in groups]
    late = {"$match": {"_id": {"$in": names}, "later": {"$gt": 0}}}
    both: list[Document] = [{"$match": {"group": {"$in": names}}}, {"$unionWith": {"coll": FENCES, "pipeline": [late]}}]
    rows = await mongo[COLLECTION].aggregate(both, session=tx).to_list(None)  # in one question: every page asks it
    offsets = sorted((row for row in rows if "topic" in row), key=lambda row: str(row["_id"]))
    reached = {f"{row['topic']}:{row['partition']}": row["next"] for row in offsets}
    later = sum(row["later"] for row in rows if "topic" not in row)
    return {**reached, "later": later} if later else reached
