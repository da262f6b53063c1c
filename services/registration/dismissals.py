"""Dismissals of candidates in the database: gone with an erasure of either entry, and with their merge."""

from collections.abc import Collection, Iterable

from services.registration.collections import DISMISSALS
from services.registration.domain.dismissals import Dismissal
from shared.identity.acting import acting, changed
from shared.storage.mongo import Mongo, Transaction

MET = {"$inc": {"met": 1}}
"""Changes an entry's row, so that a merge or an erasure of it meanwhile conflicts."""


class Dismissals:
    """All pairs of which somebody has said that they are two."""

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo[DISMISSALS]
        self._participants = mongo["participants"]

    async def load(self, id: str, tx: Transaction) -> Dismissal | None:
        """One dismissal."""
        row = await self._rows.find_one({"_id": id}, session=tx)
        return None if row is None else Dismissal.of(row)

    async def most_of_one(self, participants: Iterable[str], tx: Transaction) -> int:
        """The number of dismissals of the entry among these that has most."""
        counts = [await self._rows.count_documents({"participants": id}, session=tx) for id in participants]
        return max(counts, default=0)

    async def add(self, dismissal: Dismissal, tx: Transaction) -> None:
        """Stores a new dismissal, with who said it."""
        await self._participants.update_many({"_id": {"$in": list(dismissal.participants)}}, MET, session=tx)
        row = {"_id": dismissal.id, **dismissal.model_dump(exclude={"id"}), **changed(acting())}
        await self._rows.insert_one(row, session=tx)

    async def take_back(self, id: str, tx: Transaction) -> None:
        """Removes a dismissal: its entries are candidates again."""
        await self._rows.delete_one({"_id": id}, session=tx)

    async def forget_among(self, participants: Collection[str], tx: Transaction) -> None:
        """Removes the dismissals of pairs that lie within these entries, which are one pupil by now."""
        within = {"participants": {"$not": {"$elemMatch": {"$nin": list(participants)}}, "$in": list(participants)}}
        await self._rows.delete_many(within, session=tx)
