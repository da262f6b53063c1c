"""What is accepted but not yet visible: rows in outboxes, records not handled, feed records not published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiokafka.errors import KafkaError

from shared import kafka, outbox, standstill
from shared.contracts.topics import GROUPS
from shared.deferred import COLLECTION as DEFERRED
from shared.errors import RecordsLost
from shared.kafka import TopicPartition
from shared.lineage import Lineage
from shared.log import Logs
from shared.mongo import Document, Mongo
from shared.offsets import StoredOffsets
from shared.settings import Settings

OWNERS: tuple[str, ...] = tuple(dict.fromkeys(GROUPS.values()))


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits where, in records."""

    outboxes: Mapping[str, int]
    """By service."""
    lags: Mapping[str, int]
    """By group: the ends of the partitions that it has met, less its stored offsets, and what it keeps for later."""
    unpublished: Mapping[str, int]
    """By region: numbered in its feed, not in its topic yet."""

    @property
    def total(self) -> int:
        """0 when everything that was accepted can be seen everywhere."""
        return sum(self.outboxes.values()) + sum(self.lags.values()) + sum(self.unpublished.values())


async def backlog(settings: Settings) -> Backlog:
    """Reads the services' databases and the broker's ends; the outboxes first, since what leaves them becomes lag."""
    databases = _databases(settings)
    try:
        outboxes = {owner: await outbox.size(mongo) for owner, mongo in databases.items()}
        lags = dict.fromkeys((settings.kafka_topic_prefix + group for group in GROUPS), 0)
        every = [row for mongo in databases.values() for row in await _offsets(mongo)]
        stored = [row for row in every if row["group"] in lags]  # an earlier release's groups stand still
        ends = await kafka.end_offsets(settings.bootstrap, {row["topic"] for row in stored})
        for row in stored:
            end = ends.get(TopicPartition(row["topic"], row["partition"]), 0)
            lags[row["group"]] += max(0, end - row["next"])
        for mongo in databases.values():
            async for row in mongo[DEFERRED].find({"state": "waiting", "group": {"$in": list(lags)}}, {"group": 1}):
                lags[row["group"]] += 1
        return Backlog(outboxes, lags, await _unpublished(databases["analytics"]))
    finally:
        _close(databases)


async def faults(settings: Settings) -> list[str]:
    """What keeps a group from going on until somebody does something about it, a sentence each: a log that is not the
    one that was handled, or a batch that cannot be read."""
    databases, logs = _databases(settings), Logs(settings.bootstrap)
    try:
        found = [await _faults_of(mongo, group, logs) for mongo in databases.values() for group in await _groups(mongo)]
        return [sentence for sentences in found for sentence in sentences]
    finally:
        await logs.close()
        _close(databases)


async def _faults_of(mongo: Mongo, group: str, logs: Logs) -> list[str]:
    offsets = StoredOffsets(mongo, group)
    rows = [row for row in await _offsets(mongo) if row["group"] == group]
    sentences = [_standing(row) async for row in mongo[standstill.COLLECTION].find({"group": group})]
    try:
        partitions = [TopicPartition(row["topic"], row["partition"]) for row in rows]
        await Lineage(mongo, offsets, logs).must_hold(partitions, keep=False)
    except RecordsLost as lost:
        sentences.append(str(lost))
    except KafkaError as error:
        sentences.append(f"{group}: the broker does not tell where its topics end: {type(error).__name__}")
    return sentences


def _standing(row: Document) -> str:
    where = f"{row['topic']}:{row['partition']}"
    return (
        f"{row['group']} stands at {where}:{row['first']} since {row['since']:%Y-%m-%d %H:%M:%S}Z: the records up to "
        f"offset {row['next'] - 1} cannot be read ({row['reason']})"
    )


async def _offsets(mongo: Mongo) -> Sequence[Document]:
    return await mongo["offsets"].find({}).to_list(None)


async def _groups(mongo: Mongo) -> list[str]:
    return sorted({row["group"] for row in await _offsets(mongo)})


def _databases(settings: Settings) -> dict[str, Mongo]:
    return {owner: Mongo(settings.mongo_url, settings.database(owner)) for owner in OWNERS}


def _close(databases: Mapping[str, Mongo]) -> None:
    for mongo in databases.values():
        mongo.close()


async def _unpublished(analytics: Mongo) -> dict[str, int]:
    cursors = {row["_id"]: row["seq"] async for row in analytics["feed_published"].find({})}
    heads = await analytics["feed_heads"].find({}).to_list(None)
    return {head["_id"]: head["last"] - cursors.get(f"{head['_id']}:{head['epoch']}", 0) for head in heads}
