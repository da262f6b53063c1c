"""Words of pupils in the database: they belong to no aggregate, since nobody is told of them."""

from collections.abc import Collection, Iterable

from services.trials.attempts import below
from services.trials.collections import REVIEWS
from services.trials.domain.presence.feedback import Words
from shared.storage.mongo import Document, Mongo, Transaction, by_ids


class Reviews:
    """The words of one database, by the attendance of which they are said."""

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo[REVIEWS]
        self._paths = mongo["paths"]

    async def load(self, attendances: Iterable[str], tx: Transaction) -> dict[str, Words]:
        """Returns the words that were said of attendances, by attendance."""
        return {row["_id"]: Words.of(row) for row in await by_ids(self._rows, attendances, tx)}

    async def in_slot(self, slot: str, tx: Transaction) -> list[Document]:
        """Returns the attendances of a slot as paths store them."""
        rows = self._paths.find({"attendances.slot": slot}, {"attendances": 1}, session=tx)
        return [one async for row in rows for one in row["attendances"] if one["slot"] == slot]

    async def put(self, words: Words, tx: Transaction) -> None:
        """Stores words in the place of those before."""
        await self._rows.replace_one({"_id": words.attendance}, words.document(), upsert=True, session=tx)

    async def destroy(self, attendance: str, tx: Transaction) -> None:
        """Destroys the words of an attendance."""
        await self._rows.delete_one({"_id": attendance}, session=tx)

    async def destroy_on(self, paths: Collection[str], tx: Transaction) -> None:
        """Destroys the words on paths."""
        if paths:
            await self._rows.delete_many({"path": {"$in": list(paths)}}, session=tx)

    async def destroy_of(self, participant: str, tx: Transaction) -> int:
        """Destroys the words on an entry's paths; returns how many there were."""
        return (await self._rows.delete_many({"path": below(participant)}, session=tx)).deleted_count
