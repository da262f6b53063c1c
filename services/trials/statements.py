"""Statements of needs in the database: they belong to no aggregate, since nobody is told of them."""

from collections.abc import Collection, Iterable

from services.trials.collections import NEEDS
from services.trials.domain.seats.statements import Statement
from shared.storage.mongo import Mongo, Transaction, by_ids


class Statements:
    """The statements of one database, by the entry of which they were made."""

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo[NEEDS]

    async def load(self, entries: Iterable[str], tx: Transaction) -> dict[str, Statement]:
        """Returns the statements made of entries, by entry."""
        return {row["_id"]: Statement.of(row) for row in await by_ids(self._rows, entries, tx)}

    async def put(self, said: Statement, tx: Transaction) -> None:
        """Stores a statement in the place of the one before."""
        await self._rows.replace_one({"_id": said.entry}, said.document(), upsert=True, session=tx)

    async def destroy(self, entries: Collection[str], tx: Transaction) -> int:
        """Destroys the statements made of entries; returns how many there were."""
        if not entries:
            return 0
        return (await self._rows.delete_many({"_id": {"$in": list(entries)}}, session=tx)).deleted_count
