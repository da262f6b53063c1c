"""A region's log → its Kafka topic `region.<CODE>.events.v1`, by a cursor that only grows."""

import asyncio
import time
from collections.abc import Sequence

from aiokafka.errors import KafkaError

from services.analytics.feed import record_id
from shared import kafka
from shared.contracts.topics import region_topic
from shared.lease import Lease
from shared.mongo import Document, Mongo
from shared.outbox import Row
from shared.relay import BATCH, PAUSE_SECONDS, STANDBY_SECONDS, Publisher
from shared.settings import Settings
from shared.telemetry import logger


class FeedRelay:
    """The loop that publishes every region's log; the log itself is its outbox, since its numbers are commit order."""

    name = "feed relay"

    def __init__(self, mongo: Mongo, publisher: Publisher, lease: Lease, settings: Settings) -> None:
        self._heads = mongo["feed_heads"]
        self._records = mongo["feed"]
        self._published = mongo["feed_published"]
        self._publisher = publisher
        self._lease = lease
        self._settings = settings
        self._topics: set[str] = set()
        self.beat = time.monotonic()

    async def run(self) -> None:
        """Runs until cancelled; waits when the broker does not answer."""
        try:
            while True:
                self.beat = time.monotonic()
                pause = await self._step()
                await asyncio.sleep(pause)
        finally:
            await self._publisher.close()
            await self._lease.release()

    async def drain(self) -> None:
        """Publishes until no log has more than its topic."""
        try:
            while await self._behind():
                pause = await self._step()
                await asyncio.sleep(pause)
        finally:
            await self._publisher.close()
            await self._lease.release()

    async def _step(self) -> float:
        if not await self._lease.acquire():
            return STANDBY_SECONDS
        try:
            full = [await self._publish(head, after) for head, after in await self._behind()]
        except (KafkaError, OSError) as error:
            logger.warning("feed relay waits", error=type(error).__name__)
            await self._publisher.close()
            return STANDBY_SECONDS
        return 0.0 if any(full) else PAUSE_SECONDS

    async def _behind(self) -> list[tuple[Document, int]]:
        """The logs with records that are not published, and the last that is."""
        heads = await self._heads.find({}).to_list(None)
        cursors = {row["_id"]: row["seq"] async for row in self._published.find({})}
        behind = [(head, int(cursors.get(_cursor_id(head), 0))) for head in heads]
        return [(head, after) for head, after in behind if after < head["last"]]

    async def _publish(self, head: Document, after: int) -> bool:
        """Sends the next records of one log; True when there may be more."""
        topic = self._settings.kafka_topic_prefix + region_topic(head["_id"])
        await self._ensure(topic)
        rows = await self._rows(head, after, topic)
        done = await self._publisher.publish(rows)
        acknowledged = _unbroken(rows, done)
        if acknowledged:
            await self._published.update_one(
                {"_id": _cursor_id(head)}, {"$max": {"seq": after + acknowledged}}, upsert=True
            )
        return len(rows) == BATCH

    async def _ensure(self, topic: str) -> None:
        if topic not in self._topics:
            await kafka.ensure_topics(self._settings.bootstrap, {topic: 1}, self._settings.kafka_replication)
            self._topics.add(topic)

    async def _rows(self, head: Document, after: int, topic: str) -> list[Row]:
        region, epoch = head["_id"], head["epoch"]
        between = {"$gt": record_id(region, epoch, after), "$lte": record_id(region, epoch, after + BATCH)}
        found = await self._records.find({"_id": between}).sort("_id", 1).to_list(BATCH)
        return [_row(record, topic) for record in found]


def _cursor_id(head: Document) -> str:
    return f"{head['_id']}:{head['epoch']}"


def _unbroken(rows: Sequence[Row], done: Sequence[Row]) -> int:
    """How many rows from the first on were acknowledged without a gap."""
    acknowledged = {row.id for row in done}
    count = 0
    while count < len(rows) and rows[count].id in acknowledged:
        count += 1
    return count


def _row(record: Document, topic: str) -> Row:
    """The record in CloudEvents' binary mode, with the extensions `seq` and `epoch`."""
    attributes = {**record["attributes"], "seq": str(record["seq"]), "epoch": str(record["epoch"])}
    return Row(
        id=record["_id"],
        topic=topic,
        key=record["key"].encode(),
        value=record["data"].encode(),
        headers=[
            ("ce_specversion", b"1.0"),
            *((f"ce_{name}", text.encode()) for name, text in attributes.items()),
            ("content-type", b"application/json"),
        ],
    )
