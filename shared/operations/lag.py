"""The lag between accepted and visible: rows in outboxes, records not handled, feed records not published."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from aiokafka.errors import KafkaError

from shared.base.settings import Settings
from shared.contracts import topics
from shared.contracts.topics import GROUPS, SERVICES
from shared.messaging import kafka, standstill
from shared.messaging.deferred import COLLECTION as DEFERRED
from shared.messaging.failures import RecordsLost
from shared.messaging.kafka import TopicPartition
from shared.messaging.lineage import Lineage
from shared.messaging.log import Logs
from shared.messaging.offsets import COLLECTION, StoredOffsets, offset_id
from shared.storage import outbox
from shared.storage.mongo import Document, Mongo

Unpublished = Callable[[Mongo], Awaitable[Mapping[str, int]]]
"""What a service's own logs have that is not in their topics yet, by name."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """The records that wait, by place."""

    outboxes: Mapping[str, int]
    """By service."""
    lags: Mapping[str, int]
    """By group: the ends of its topics' partitions less its stored offsets, 0 for one that it has not met; and what it
    keeps for later."""
    unpublished: Mapping[str, int]
    """By name of a log that a service keeps itself, as a region's feed: numbered in it, not in its topic yet."""

    @property
    def total(self) -> int:
        """0 when everything that was accepted can be seen everywhere."""
        return sum(self.outboxes.values()) + sum(self.lags.values()) + sum(self.unpublished.values())


async def backlog(settings: Settings, logs: Mapping[str, Unpublished] = MappingProxyType({})) -> Backlog:
    """Reads the services' databases and the broker's ends; `logs` are what counts a service's own log, by service.

    Of what was handled an answer may wait in an outbox, and what leaves an outbox becomes lag. So what was handled is
    read first, then the outboxes, then the ends: where none of it waits, nothing did while the outboxes were read.
    """
    databases = _databases(settings)
    try:
        prefix = settings.kafka_topic_prefix
        groups = {group: prefix + group for group in GROUPS}
        stored = {row["_id"]: row["next"] for mongo in databases.values() for row in await _offsets(mongo)}
        kept = Counter[str]()
        for mongo in databases.values():
            kept.update([row["group"] async for row in mongo[DEFERRED].find({"state": "waiting"}, {"group": 1})])
        outboxes = {owner: await outbox.size(mongo) for owner, mongo in databases.items()}
        names = {prefix + topic.name for topic in topics.TOPICS}
        ends = await kafka.end_offsets(settings.bootstrap, names, read_committed=False)
        lags = {name: _behind(settings, group, ends, stored) + kept[name] for group, name in groups.items()}
        counted = [await count(databases[owner]) for owner, count in logs.items()]
        return Backlog(outboxes, lags, {name: number for counts in counted for name, number in counts.items()})
    finally:
        _close(databases)


def _behind(settings: Settings, group: str, ends: Mapping[TopicPartition, int], stored: Mapping[str, int]) -> int:
    """Counts the records that a group has still to handle."""
    prefix = settings.kafka_topic_prefix
    read = {prefix + topic.name for topic in topics.READS[group]}
    return sum(max(0, end - stored.get(offset_id(prefix + group, p), 0)) for p, end in ends.items() if p.topic in read)


async def faults(settings: Settings) -> list[str]:
    """Returns what keeps a group from going on until somebody acts, a sentence each.

    That is a log that is not the one that was handled, or a batch that cannot be read.
    """
    databases, logs = _databases(settings), Logs(settings.bootstrap)
    try:
        groups = ((databases[owner], settings.kafka_topic_prefix + group) for group, owner in GROUPS.items())
        found = [await _faults_of(mongo, group, logs) for mongo, group in groups]  # an earlier release's stand still
        return [sentence for sentences in found for sentence in sentences]
    finally:
        await logs.close()
        _close(databases)


async def _faults_of(mongo: Mongo, group: str, logs: Logs) -> list[str]:
    offsets = StoredOffsets(mongo, group)
    rows = [row for row in await _offsets(mongo) if row["group"] == group]
    lineage, at = Lineage(mongo, offsets, logs), {row["_id"]: row["next"] for row in rows}
    notes = mongo[standstill.COLLECTION].find({"group": group})
    # A worker that was given the partition since may have read on: then the note of the one before it is of no account.
    sentences = [_standing(note) async for note in notes if note["first"] == at.get(note["_id"])]
    try:
        await lineage.must_be_there()
        await lineage.must_hold([TopicPartition(row["topic"], row["partition"]) for row in rows], keep=False)
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
    return await mongo[COLLECTION].find({}).to_list(None)


def _databases(settings: Settings) -> dict[str, Mongo]:
    return {owner: Mongo(settings.mongo_url, settings.database(owner)) for owner in SERVICES}


def _close(databases: Mapping[str, Mongo]) -> None:
    for mongo in databases.values():
        mongo.close()
