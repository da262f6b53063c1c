"""A lease: at most one live holder of a name, by the database's clock."""

import time

from pymongo import ReturnDocument

from shared.storage.mongo import Mongo

COLLECTION = "leases"


class Lease:
    """Held by whoever renewed it last, for `seconds`; a holder that was stopped for longer has lost it."""

    def __init__(self, mongo: Mongo, name: str, holder: str, seconds: float = 5.0) -> None:
        self._rows = mongo[COLLECTION]
        self._name = name
        self._holder = holder
        self._milliseconds = int(seconds * 1000)
        self._renew_every = seconds / 3
        self._renewed = float("-inf")

    async def acquire(self) -> bool:
        """Takes the lease, or renews it when a third of it has passed; False while another holds it."""
        now = time.monotonic()
        if now - self._renewed < self._renew_every:
            return True
        held = await self._take()
        self._renewed = now if held else float("-inf")
        return held

    async def _take(self) -> bool:
        free = {"$lte": ["$until", "$$NOW"]}
        mine = {"$eq": ["$holder", self._holder]}
        row = await self._rows.find_one_and_update(
            {"_id": self._name, "$expr": {"$or": [free, mine]}},
            [{"$set": {"holder": self._holder, "until": {"$add": ["$$NOW", self._milliseconds]}}}],
            return_document=ReturnDocument.AFTER,
        )
        if row is None:
            await self._seed()
        return row is not None

    async def _seed(self) -> None:
        """Puts the row there, expired; an upsert cannot carry the condition."""
        await self._rows.update_one(
            {"_id": self._name}, [{"$set": {"until": {"$ifNull": ["$until", "$$NOW"]}}}], upsert=True
        )

    async def release(self) -> None:
        """Lets the next holder in at once."""
        await self._rows.update_one(
            {"_id": self._name, "holder": self._holder}, [{"$set": {"until": "$$NOW", "holder": None}}]
        )
