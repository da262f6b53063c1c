"""The ways out for records that a group could not use: apply them again, pass them, or read a log anew."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from aiokafka import ConsumerRecord, TopicPartition

from shared.base.settings import Settings
from shared.contracts.topics import GROUPS, dead_letters
from shared.messaging import lineage, standstill
from shared.messaging.deferred import COLLECTION, Deferred
from shared.messaging.letters import POSITION, REASON
from shared.messaging.log import Logs
from shared.messaging.offsets import StoredOffsets
from shared.messaging.poll import text_of
from shared.operations.dead_letters import DeadLetter
from shared.storage.mongo import Document, Mongo, Transaction
from shared.storage.outbox import Outbox, Row

LOOK_SECONDS = 0.2


class RecoveryError(Exception):
    """An operator asks for something that cannot be done; the message says why."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a letter that was sent in again."""

    letter: DeadLetter
    state: str
    """`applied`, `refused`, or `waiting` where no worker has looked at it, or what it names is not there yet."""
    reason: str | None


class Group:
    """One consumer group as an operator's tools see it: its service's database and the broker."""

    def __init__(self, settings: Settings, group: str) -> None:
        owner = GROUPS[group]
        self.name = settings.kafka_topic_prefix + group
        self.mongo = Mongo(settings.mongo_url, settings.database(owner))
        self.offsets = StoredOffsets(self.mongo, self.name)
        self.outbox = Outbox(self.mongo, owner, settings.kafka_topic_prefix)
        self.logs = Logs(settings.bootstrap)

    async def __aenter__(self) -> "Group":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.logs.close()
        self.mongo.close()


async def states(settings: Settings, groups: Sequence[str]) -> Mapping[tuple[str, str], str]:
    """Reads the outcomes of the letters that were sent in again, by group and position."""
    found: dict[tuple[str, str], str] = {}
    for name in groups:
        async with Group(settings, name) as group:
            async for row in group.mongo[COLLECTION].find({"group": group.name, "kind": "redriven"}):
                found[name, text_of((row["topic"], row["partition"], row["offset"]))] = row["state"]
    return found


async def redrive(settings: Settings, letters: Sequence[DeadLetter], seconds: float) -> list[Outcome]:
    """Sends letters of one group in again, to the group's own handler and never to a topic; waits for what comes of it.

    Each is applied by a worker of the group in a transaction: what had its effect before has it no second time, and
    what is still wrong is refused with the reason.
    """
    async with Group(settings, letters[0].group) as group:
        await Deferred(group.mongo, group.name).put(map(_record, letters), "redriven", datetime.now(UTC))
        deadline = time.monotonic() + seconds
        while True:
            ids = {f"{group.name}:{letter.position}": letter for letter in letters}
            rows = await group.mongo[COLLECTION].find({"_id": {"$in": list(ids)}}).to_list(None)
            if all(row["state"] != "waiting" for row in rows) or time.monotonic() > deadline:
                return [Outcome(ids[row["_id"]], row["state"], row.get("reason")) for row in rows]
            await asyncio.sleep(LOOK_SECONDS)


def _record(letter: DeadLetter) -> ConsumerRecord:
    """The record that the letter was, as its group read it."""
    topic, partition, offset = letter.position.rsplit(":", 2)
    headers = tuple(header for header in letter.headers if header[0] not in (POSITION, REASON))
    return ConsumerRecord(topic, int(partition), int(offset), 0, 0, None, letter.value, None, -1, -1, headers)


async def skip(settings: Settings, name: str, partition: TopicPartition, offset: int) -> tuple[int, int]:
    """Passes what a group stands at: a batch that cannot be read, or records that were deleted before it had them.

    Returns the first offset and the one behind the last; a dead letter without a value notes them. Raises RecoveryError
    where the group does not stand at `offset`.
    """
    async with Group(settings, name) as group:
        bounds = (await group.logs.bounds([partition]))[partition]
        key = group.offsets.id(partition)

        async def body(tx: Transaction) -> int:
            notes = group.mongo[standstill.COLLECTION]
            note = await notes.find_one({"_id": key}, session=tx)
            next_ = _behind(await group.offsets.next_of(partition, tx), note, offset, bounds.begin)
            await group.offsets.skip(partition, offset, next_, tx)
            await notes.delete_one({"_id": key}, session=tx)
            await group.outbox.put([_note(group.name, partition, offset, next_, note)], tx)
            return next_

        return offset, await group.mongo.transact(body)


def _behind(stored: int | None, note: Document | None, offset: int, begin: int) -> int:
    """Returns where the group goes on; raises RecoveryError where it does not stand at the offset."""
    if stored != offset:
        raise RecoveryError(f"The group's next offset there is {stored or 0}, not {offset}: nothing is passed")
    if begin > offset:
        return begin
    if note is None or note["first"] != offset:
        raise RecoveryError(f"No worker of the group stands at offset {offset}: nothing is passed")
    return int(note["next"])


def _note(group: str, partition: TopicPartition, first: int, next_: int, note: Document | None) -> Row:
    """The letter that tells of what was passed."""
    position = text_of((*partition, first))
    why = "they were deleted" if note is None else f"they cannot be read: {note['reason']}"
    reason = f"an operator passed the offsets {first} to {next_ - 1}: {why}"
    headers: list[tuple[str, bytes | None]] = [(POSITION, position.encode()), (REASON, reason.encode())]
    return Row(f"{group}:{position}", dead_letters(group), position.encode(), None, headers)


async def reread(settings: Settings, name: str, topic: str) -> dict[TopicPartition, int]:
    """Lets a group read a topic from its beginning: for one that was made anew.

    What was applied before has no second effect. Returns the first offset of each partition; raises RecoveryError where
    the group reads no such topic.
    """
    async with Group(settings, name) as group:
        known = await group.offsets.partitions_of(topic)
        if not known:
            raise RecoveryError(f"{name} reads no topic {topic}")
        gone = await group.logs.missing(known)
        bounds = await group.logs.bounds(partition for partition in known if partition not in gone)

        async def body(tx: Transaction) -> None:
            for partition in known:
                key = {"_id": group.offsets.id(partition)}
                if partition in gone:
                    await group.offsets.forget(partition, tx)
                else:
                    await group.offsets.restart(partition, bounds[partition].begin, tx)
                await group.mongo[lineage.COLLECTION].delete_one(key, session=tx)
                await group.mongo[standstill.COLLECTION].delete_one(key, session=tx)

        await group.mongo.transact(body)
        return {partition: bound.begin for partition, bound in bounds.items()}
