"""The relay from a region's log to its Kafka topic `region.<CODE>.events.v1`, by a cursor that only grows."""

from itertools import takewhile

from aiokafka.errors import BrokerResponseError
from pymongo.read_concern import ReadConcern

from services.analytics.collections import FEED, FEED_HEADS, FEED_PUBLISHED
from services.analytics.feed.numbering import record_id
from shared.base.settings import Settings
from shared.contracts.topics import region_topic
from shared.messaging import kafka
from shared.messaging.lease import Lease
from shared.messaging.leased import FULL, LeasedLoop
from shared.messaging.relay import Publisher
from shared.storage.mongo import WHOLE, Document, Mongo
from shared.storage.outbox import Row


class FeedRelay(LeasedLoop):
    """The loop that publishes every region's log; the log itself is its outbox, since its numbers are commit order."""

    name = "feed relay"
    pause_seconds = 0.2  # who is in a hurry reads the log by HTTP

    def __init__(self, mongo: Mongo, publisher: Publisher, lease: Lease, settings: Settings) -> None:
        super().__init__(lease)
        # What a failover could take back must not be published: its number would become another event's.
        lasting = ReadConcern("majority")
        self._heads = mongo[FEED_HEADS].with_options(read_concern=lasting)
        self._records = mongo[FEED].with_options(read_concern=lasting)
        self._published = mongo[FEED_PUBLISHED]
        self._publisher = publisher
        self._settings = settings
        self._topics: set[str] = set()
        self._cursors: dict[str, int] = {}

    async def step(self) -> int:
        """Publishes the next records of every log, as far as its topic takes them: one that does not holds up no other.

        Returns how many the broker has acknowledged.
        """
        self.held, done = None, 0
        for head, after in await self._behind():
            try:
                done += await self._publish(head, after)
            except BrokerResponseError as error:
                if error.retriable:
                    raise
                self.held = f"the feed of {head['_id']} is not published: {type(error).__name__}"
        return done

    async def waits(self) -> bool:
        """Returns whether a log has more than its topic."""
        return bool(await self._behind())

    async def close(self) -> None:
        """Ends the producer."""
        await self._publisher.close()

    async def _behind(self) -> list[tuple[Document, int]]:
        """Returns the logs with records that are not published, each with the number of the last that is.

        A cursor never goes back: one that has reached its head is not read again before the head has moved on.
        """
        heads = {_cursor_id(head): head for head in await self._heads.find({}).to_list(None)}
        moved = [id for id, head in heads.items() if self._cursors.get(id, 0) < head["last"]]
        if moved:
            self._cursors |= {row["_id"]: row["seq"] async for row in self._published.find({"_id": {"$in": moved}})}
        cursors = ((heads[id], self._cursors.get(id, 0)) for id in moved)
        return [(head, after) for head, after in cursors if after < head["last"]]

    async def _publish(self, head: Document, after: int) -> int:
        """Sends the next records of one log; returns how many were acknowledged without a gap."""
        topic = self._settings.kafka_topic_prefix + region_topic(head["_id"])
        await self._ensure(topic)
        rows = await self._rows(head, after, topic)
        acknowledged = len([*takewhile(bool, await self._publisher.publish(rows))])
        if acknowledged < len(rows):
            self.held = f"records of {topic} are not acknowledged by the broker"
        if acknowledged:
            await self._published.update_one(
                {"_id": _cursor_id(head)}, {"$max": {"seq": after + acknowledged}}, upsert=True
            )
        return acknowledged

    async def _ensure(self, topic: str) -> None:
        if topic not in self._topics:
            bootstrap, replication = self._settings.bootstrap, self._settings.kafka_replication
            await kafka.ensure_topics(bootstrap, {topic: 1}, replication, large={topic})
            self._topics.add(topic)

    async def _rows(self, head: Document, after: int, topic: str) -> list[Row]:
        region, epoch = head["_id"], head["epoch"]
        between = {"$gt": record_id(region, epoch, after), "$lte": record_id(region, epoch, after + FULL)}
        found = await self._records.find({"_id": between}, batch_size=WHOLE).sort("_id", 1).to_list(FULL)
        return [_row(record, topic) for record in found]


def _cursor_id(head: Document) -> str:
    return f"{head['_id']}:{head['epoch']}"


def _row(record: Document, topic: str) -> Row:
    """Returns the record in CloudEvents' binary mode, with the extensions `seq` and `epoch`."""
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


async def unpublished(mongo: Mongo) -> dict[str, int]:
    """Returns how many records of each region's log are not in its topic yet."""
    cursors = {row["_id"]: row["seq"] async for row in mongo[FEED_PUBLISHED].find({})}
    heads = await mongo[FEED_HEADS].find({}).to_list(None)
    return {head["_id"]: head["last"] - cursors.get(_cursor_id(head), 0) for head in heads}
