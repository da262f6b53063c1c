"""Events that are applied later: facts that have overtaken what they name, and dead letters that are sent in again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from aiokafka import ConsumerRecord
from pymongo import DeleteOne, IndexModel, ReplaceOne, UpdateOne

from shared.messaging.poll import Position, Record, position_of, text_of
from shared.storage.mongo import Document, Mongo, Transaction

COLLECTION = "deferred"
INDEX = IndexModel([("group", 1), ("state", 1), ("since", 1)])
A_TIME = 500
"""So many are applied in one transaction."""
PATIENCE = timedelta(seconds=60)
"""How long an event waits for what it names."""
Kind = Literal["overtaken", "redriven"]
State = Literal["waiting", "applied", "refused"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """One event that waits."""

    record: Record
    kind: Kind
    since: datetime

    @property
    def position(self) -> Position:
        """The record's position."""
        return position_of(self.record)


class Deferred:
    """The events that wait for a group. An overtaken fact's row goes with its effect, a redriven one's tells of it."""

    def __init__(self, mongo: Mongo, group: str) -> None:
        self._rows = mongo[COLLECTION]
        self.group = group

    async def waiting(self) -> list[Waiting]:
        """The oldest of them."""
        wanted = {"group": self.group, "state": "waiting"}
        return [_waiting(row) async for row in self._rows.find(wanted).sort("since", 1).limit(A_TIME)]

    @staticmethod
    def is_over(waiting: Waiting, now: datetime) -> bool:
        """Tells that an event has waited for as long as events are kept waiting."""
        return now - waiting.since > PATIENCE

    async def put(self, records: Iterable[Record], kind: Kind, since: datetime, tx: Transaction | None = None) -> None:
        """Keeps records for later, in the transaction that moves the offset past them."""
        writes = [ReplaceOne({"_id": self._id(r)}, self._row(r, kind, since), upsert=True) for r in records]
        if writes:
            await self._rows.bulk_write(writes, ordered=False, session=tx)

    async def settle(self, waiting: Sequence[Waiting], refused: Mapping[Position, str], tx: Transaction) -> bool:
        """Ends their waiting, applied or refused with a reason; False where another worker has done so since."""
        if not waiting:
            return True
        result = await self._rows.bulk_write([self._settled(w, refused) for w in waiting], ordered=False, session=tx)
        return result.matched_count + result.deleted_count == len(waiting)

    def _settled(self, waiting: Waiting, refused: Mapping[Position, str]) -> DeleteOne | UpdateOne:
        which = {"_id": self._id(waiting.record), "state": "waiting"}
        if waiting.kind == "overtaken":
            return DeleteOne(which)
        reason = refused.get(waiting.position)
        state: State = "applied" if reason is None else "refused"
        return UpdateOne(which, {"$set": {"state": state, "reason": reason}, "$unset": {"value": "", "headers": ""}})

    def _id(self, record: Record) -> str:
        return f"{self.group}:{text_of(position_of(record))}"

    def _row(self, record: Record, kind: Kind, since: datetime) -> Document:
        return {
            "_id": self._id(record),
            "group": self.group,
            "topic": record.topic,
            "partition": record.partition,
            "offset": record.offset,
            "value": record.value,
            "headers": [list(header) for header in record.headers],
            "kind": kind,
            "since": since,
            "state": "waiting",
        }


def _waiting(row: Document) -> Waiting:
    return Waiting(record_of(row), row["kind"], row["since"])


def record_of(row: Mapping[str, Any]) -> Record:
    """A record as it was read, from the fields of a row; its key and its time are of no account here."""
    headers = tuple((name, content) for name, content in row["headers"])
    return ConsumerRecord(
        row["topic"], row["partition"], row["offset"], 0, 0, None, row["value"], None, -1, -1, headers
    )
