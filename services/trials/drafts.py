"""Drafts in the database: they belong to no aggregate, since nobody is told of answers that may still change."""

from collections.abc import Collection, Iterable

from services.trials.attempts import below
from services.trials.domain.testing.drafts import Draft
from shared.storage.mongo import Mongo, Transaction, by_ids


class Drafts:
    """The drafts of one database, by their natural keys."""

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo["drafts"]

    async def load(self, keys: Iterable[str], tx: Transaction) -> dict[str, Draft]:
        """Returns the drafts that exist among the natural keys."""
        return {row["_id"]: Draft.of(row) for row in await by_ids(self._rows, keys, tx)}

    async def on(self, paths: Collection[str], tx: Transaction) -> list[Draft]:
        """Returns the drafts on paths."""
        rows = await self._rows.find({"path": {"$in": list(paths)}}, session=tx).to_list(None) if paths else []
        return [Draft.of(row) for row in rows]

    async def put(self, draft: Draft, tx: Transaction) -> None:
        """Stores a draft as it is by now."""
        await self._rows.replace_one({"_id": draft.key}, draft.document(), upsert=True, session=tx)

    async def destroy(self, keys: Iterable[str], tx: Transaction) -> None:
        """Destroys drafts by their natural keys."""
        if gone := list(keys):
            await self._rows.delete_many({"_id": {"$in": gone}}, session=tx)

    async def destroy_of(self, participant: str, tx: Transaction) -> int:
        """Destroys the drafts on an entry's paths; returns how many there were."""
        return (await self._rows.delete_many({"path": below(participant)}, session=tx)).deleted_count
