"""The proof that a partition's log is still the one of which records were handled: its ends, and records read again."""

import asyncio
import hashlib
from collections.abc import Iterable, Mapping

from aiokafka import TopicPartition
from pymongo import ReplaceOne

from shared.messaging.failures import RecordsLost
from shared.messaging.log import Bounds, Logs
from shared.messaging.offsets import StoredOffsets
from shared.messaging.poll import Record
from shared.messaging.record_batches import UnreadableBatch
from shared.storage.mongo import Document, Mongo

COLLECTION = "offset_marks"
"""By partition, the last handled record when the log was last looked at. It is beside the offsets, which every poll
moves: a log made anew that has grown past the stored offset is handled on before anybody looks, and by then the newest
record that was handled is the new log's own."""

CONFIRM_SECONDS = 2.0
"""Before a broker is asked once more."""


class Lineage:
    """The logs that one group reads, as it has known them."""

    def __init__(self, mongo: Mongo, offsets: StoredOffsets, logs: Logs) -> None:
        self._marks = mongo[COLLECTION]
        self._offsets = offsets
        self._logs = logs

    async def must_be_there(self) -> None:
        """Raises RecordsLost where a partition of which records were handled is gone from its topic.

        Such a topic was made anew with fewer. Raises KafkaError while the broker does not say.
        """
        handled = await self._offsets.handled()
        gone = await self._logs.missing(handled)
        if gone:
            await asyncio.sleep(CONFIRM_SECONDS)  # a broker may not know yet that a topic has been given more
        for partition in await self._logs.missing(gone):
            raise RecordsLost.ends(self._offsets.group, partition, 0, handled[partition])

    async def must_hold(self, partitions: Iterable[TopicPartition], *, keep: bool = True) -> None:
        """Raises RecordsLost where records that were handled are no longer in the log, or others never will be.

        That is where it ends before what was handled, begins behind it, or has another record where a handled one was.
        Raises KafkaError while the broker does not say.
        """
        rows = await self._offsets.rows(partitions)
        ids = {self._offsets.id(partition): partition for partition in rows}
        kept = {ids[row["_id"]]: row async for row in self._marks.find({"_id": {"$in": list(ids)}})}
        bounds = await self._logs.bounds(rows)
        for partition, row in rows.items():
            must_be_within(self._offsets.group, partition, bounds[partition], int(row["next"]))
            for known in (kept.get(partition), row.get("last")):
                await self._must_have(partition, bounds[partition], known)
        if keep:
            await self._keep({partition: row["last"] for partition, row in rows.items() if row.get("last")}, kept)

    async def _must_have(self, partition: TopicPartition, bounds: Bounds, known: Document | None) -> None:
        """Nothing is asked of a record that the log no longer reaches back to."""
        if known is None or known["offset"] < bounds.begin:
            return
        try:
            record = await self._logs.record(partition, known["offset"]) if known["offset"] < bounds.end else None
        except UnreadableBatch:
            return  # it is told where it stands, if it has not been handled
        if record is None or mark_of(record) != known["mark"]:
            raise RecordsLost.is_another(self._offsets.group, partition, known["offset"])

    async def _keep(self, last: Mapping[TopicPartition, Document], kept: Mapping[TopicPartition, Document]) -> None:
        writes = [
            ReplaceOne({"_id": self._offsets.id(partition)}, {"group": self._offsets.group, **mark}, upsert=True)
            for partition, mark in last.items()
            if kept.get(partition, {}).get("offset") != mark["offset"]
        ]
        if writes:
            await self._marks.bulk_write(writes, ordered=False)


def must_be_within(group: str, partition: TopicPartition, bounds: Bounds, next_: int) -> None:
    """Raises RecordsLost where a log ends before what was handled, or begins behind it.

    What is written there next would take the numbers of records that are gone, and count as handled; what was there
    cannot be had.
    """
    if next_ > bounds.end:
        raise RecordsLost.ends(group, partition, bounds.end, next_)
    if next_ < bounds.begin:
        raise RecordsLost.begins(group, partition, bounds.begin, next_)


def mark_of(record: Record) -> bytes:
    """Sixteen bytes by which a record is known again: another log has another one at its offset."""
    mark = hashlib.blake2b(digest_size=16)
    parts = [str(record.timestamp).encode(), record.key, record.value]
    parts += [part for name, content in record.headers for part in (name.encode(errors="surrogateescape"), content)]
    for part in parts:
        mark.update(b"-" if part is None else b"%d:" % len(part))
        mark.update(part or b"")
    return mark.digest()
