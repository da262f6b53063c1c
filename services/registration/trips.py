"""Trips in the database: the names of those who go along, sealed under keys that go when a trip is forgotten."""

from collections.abc import Mapping

from services.registration.collections import TRIPS
from services.registration.domain.trips import Trip
from services.registration.person_keys import PersonKeys
from shared.identity.acting import acting, changed
from shared.identity.vault import Vault
from shared.storage.mongo import Document, Mongo, Transaction


class Trips:
    """All that are not forgotten, and for which an adult was named."""

    def __init__(self, mongo: Mongo, vault: Vault) -> None:
        self._rows = mongo[TRIPS]
        self._keys = PersonKeys(mongo)
        self._vault = vault

    async def count(self, school: str, tx: Transaction) -> int:
        """Returns how many trips of a school are known."""
        return await self._rows.count_documents({"school": school}, session=tx)

    async def is_known(self, id: str, tx: Transaction) -> bool:
        """Tells whether somebody was named for a trip before."""
        return await self._rows.find_one({"_id": id}, {"_id": 1}, session=tx) is not None

    async def put(self, trip: Trip, sealed: Mapping[str, str], tx: Transaction) -> None:
        """Stores who goes along, in the place of whoever was named before; that one's key is destroyed."""
        await self._keys.destroy([trip.id], tx)
        (closed,) = await self._keys.parted([self._vault.seal(trip.id, sealed)], tx, expires=trip.expires)
        row = {**closed, **trip.model_dump(exclude={"id"}), **changed(acting())}
        await self._rows.replace_one({"_id": trip.id}, row, upsert=True, session=tx)

    async def accompanying(self, id: str) -> str | None:
        """Returns the name, or else the account, of whoever goes along; None where nobody was named."""
        row: Document | None = await self._rows.find_one({"_id": id})
        if row is None:
            return None
        opened = await self._keys.joined([row])
        return (self._vault.open(opened[0]).get("name") if opened else None) or row["account"]
