"""Partitions that stand still at a batch that cannot be read, until it can or an operator passes it."""

from datetime import datetime

from aiokafka import TopicPartition

from shared.messaging.offsets import StoredOffsets
from shared.messaging.record_batches import UnreadableBatch
from shared.storage.mongo import Mongo

COLLECTION = "standstills"


class Standstills:
    """The batches at which one group's workers stand, as they say; an operator's tools read it."""

    def __init__(self, mongo: Mongo, offsets: StoredOffsets) -> None:
        self._rows = mongo[COLLECTION]
        self._offsets = offsets

    async def note(self, partition: TopicPartition, batch: UnreadableBatch, now: datetime) -> None:
        """Says where the partition stands, and behind which offsets it could go on."""
        said = {"first": batch.first, "next": batch.next, "reason": batch.reason, "seen": now}
        where = {"group": self._offsets.group, "topic": partition.topic, "partition": partition.partition}
        key = {"_id": self._offsets.id(partition)}
        await self._rows.update_one(key, {"$set": where | said, "$setOnInsert": {"since": now}}, upsert=True)

    async def forget(self, partition: TopicPartition) -> None:
        """Says that it goes on."""
        await self._rows.delete_one({"_id": self._offsets.id(partition)})
