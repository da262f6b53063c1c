"""What is accepted but not yet visible: rows in outboxes, records not handled, feed records not published."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared import kafka, outbox
from shared.contracts.topics import GROUPS
from shared.errors import RecordsLost
from shared.mongo import Mongo
from shared.settings import Settings

OWNERS: tuple[str, ...] = tuple(dict.fromkeys(GROUPS.values()))


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits where, in records."""

    outboxes: Mapping[str, int]
    """By service."""
    lags: Mapping[str, int]
    """By group: the ends of the partitions that it has met, less its stored offsets."""
    unpublished: Mapping[str, int]
    """By region: numbered in its feed, not in its topic yet."""

    @property
    def total(self) -> int:
        """0 when everything that was accepted can be seen everywhere."""
        return sum(self.outboxes.values()) + sum(self.lags.values()) + sum(self.unpublished.values())


async def backlog(settings: Settings) -> Backlog:
    """Reads the services' databases and the broker's ends; the outboxes first, since what leaves them becomes lag.

    Raises RecordsLost where a partition ends before what a group has handled.
    """
    databases = {owner: Mongo(settings.mongo_url, settings.database(owner)) for owner in OWNERS}
    try:
        outboxes = {owner: await outbox.size(mongo) for owner, mongo in databases.items()}
        stored = [row for mongo in databases.values() for row in await mongo["offsets"].find({}).to_list(None)]
        ends = await kafka.end_offsets(settings.bootstrap, {row["topic"] for row in stored})
        lags = dict.fromkeys((settings.kafka_topic_prefix + group for group in GROUPS), 0)
        for row in stored:
            end = ends.get(kafka.TopicPartition(row["topic"], row["partition"]), 0)
            if end < row["next"]:
                raise RecordsLost(row["group"], f"{row['topic']}:{row['partition']}", end, row["next"])
            lags[row["group"]] = lags.get(row["group"], 0) + end - row["next"]
        return Backlog(outboxes, lags, await _unpublished(databases["analytics"]))
    finally:
        for mongo in databases.values():
            mongo.close()


async def _unpublished(analytics: Mongo) -> dict[str, int]:
    cursors = {row["_id"]: row["seq"] async for row in analytics["feed_published"].find({})}
    heads = await analytics["feed_heads"].find({}).to_list(None)
    return {head["_id"]: head["last"] - cursors.get(f"{head['_id']}:{head['epoch']}", 0) for head in heads}
