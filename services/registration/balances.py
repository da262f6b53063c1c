"""Opening balances in the database."""

from collections.abc import Collection, Sequence

from pymongo import DeleteOne, ReplaceOne

from services.registration.collections import BALANCES
from services.registration.domain.opening_balances import OpeningBalance
from shared.identity.acting import Actor, changed
from shared.storage.mongo import Document, Mongo, Transaction


class Balances:
    """The balances of all pupils, one for each year."""

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo[BALANCES]

    async def keep(self, balances: Sequence[OpeningBalance], by: Actor, tx: Transaction) -> None:
        """Stores balances in the place of those that were said before; an empty one says that there is none."""
        writes = [
            DeleteOne({"_id": balance.id})
            if balance.is_empty
            else ReplaceOne({"_id": balance.id}, balance.model_dump() | changed(by), upsert=True)
            for balance in balances
        ]
        if writes:
            await self._rows.bulk_write(writes, ordered=False, session=tx)

    async def of(self, participants: Collection[str], year: int | None = None) -> list[OpeningBalance]:
        """The balances of pupils, of one year or of all, by year."""
        query: Document = {"participant": {"$in": list(participants)}} | ({} if year is None else {"year": year})
        rows = await self._rows.find(query).sort([("year", 1), ("_id", 1)]).to_list(None) if participants else []
        return [OpeningBalance.of(row) for row in rows]
