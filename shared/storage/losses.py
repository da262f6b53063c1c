"""Losses: facts that were published, of which a database that was put back from a backup lacks a part."""

from collections.abc import Sequence
from typing import NamedTuple

from pymongo import IndexModel, ReplaceOne

from shared.contracts.event import Envelope
from shared.storage.collections import Collections, Kept
from shared.storage.mongo import Document, Mongo, Transaction

COLLECTION = "losses"
COLLECTIONS: Collections = {
    COLLECTION: Kept(
        [
            IndexModel("participant"),
            *(IndexModel([(kind, 1), ("_id", 1)]) for kind in ("region", "municipality", "school")),
        ],
        persons=["_id", "participant"],
    )
}
PLACE = ("region", "municipality", "school", "school_class")


class Loss(NamedTuple):
    """An event, and the part of what it tells of that no event has and the database has no more."""

    envelope: Envelope
    lacking: str
    """One word for staff: `entry`, `guardian`, `answers`."""


class Losses:
    """The list of them; it names events and random ids."""

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo[COLLECTION]

    async def add(self, losses: Sequence[Loss], tx: Transaction) -> None:
        """Lists losses; the same event again is the same row."""
        rows = [_row(loss) for loss in losses]
        if rows:
            writes = [ReplaceOne({"_id": row["_id"]}, row, upsert=True) for row in rows]
            await self._rows.bulk_write(writes, ordered=False, session=tx)

    async def forget(self, participant: str, tx: Transaction) -> int:
        """Takes a pupil's off the list; returns how many there were."""
        return (await self._rows.delete_many({"participant": participant}, session=tx)).deleted_count


def _row(loss: Loss) -> Document:
    event = loss.envelope.event
    places = {name: getattr(event, name, None) for name in PLACE}
    return {
        "_id": loss.envelope.id,
        "type": event.type,
        "time": loss.envelope.time.isoformat(),
        "lacking": loss.lacking,
        "participant": getattr(event, "participant", None),
        **places,
    }
