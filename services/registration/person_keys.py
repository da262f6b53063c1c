"""Persons' wrapped keys, apart from the data that they open: a copy of the vault alone opens nothing.

An installation of an earlier release has each key in the vault's row, where its processes look for it; there keys stay
until an operator says that none of them will run again (`VAULT_KEYS_APART` of `bilet migrate`).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial

from pymongo import UpdateOne

from services.registration.collections import KEYS, REQUESTS, TRIPS
from shared.base.settings import Settings
from shared.storage.mongo import Collection, Document, Mongo, Transaction, by_ids
from shared.storage.wrapped_keys import WITH_KEY, WRAPPED, wrapped

APART = "apart"
"""The row that says that keys lie here; no person has such an id."""
CHUNK = 1_000


class PersonKeys:
    """The key store."""

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo["vault"]
        self._keys = mongo[KEYS]
        self._is_apart = False

    async def joined(self, rows: Iterable[Document], tx: Transaction | None = None) -> list[Document]:
        """Returns rows of the vault with their keys; one whose key was destroyed is left out."""
        found = list(rows)
        known = await by_ids(self._keys, [row["_id"] for row in found if "key" not in row], tx)
        keys = {row["_id"]: wrapped(row) for row in (*known, *found) if "key" in row}
        return [row | keys[row["_id"]] for row in found if row["_id"] in keys]

    async def parted(
        self, rows: Sequence[Document], tx: Transaction, expires: datetime | None = None
    ) -> list[Document]:
        """Stores the keys of new rows of the vault, and returns the rows as they are stored.

        What is sealed for a time only has a key that goes at its end.
        """
        if not rows or not await self.are_apart(tx):
            return list(rows)
        until = {} if expires is None else {"expires": expires}
        keys = [{"_id": row["_id"], **wrapped(row), **until} for row in rows]
        await self._keys.insert_many(keys, ordered=False, session=tx)
        return [{name: value for name, value in row.items() if name not in WRAPPED} for row in rows]

    async def destroy(self, ids: Sequence[str], tx: Transaction) -> None:
        """Destroys keys that lie here."""
        if ids:
            await self._keys.delete_many({"_id": {"$in": list(ids)}}, session=tx)

    async def are_apart(self, tx: Transaction | None = None) -> bool:
        """Tells whether keys lie here; once they do, they always will."""
        self._is_apart = self._is_apart or await self._keys.find_one({"_id": APART}, session=tx) is not None
        return self._is_apart


def key_places(mongo: Mongo) -> Sequence[Collection]:
    """Returns the collections in which keys lie: they move from the first to the second, and never back.

    Where keys are not apart, what is sealed for a time only has its own in its row, until it is forgotten.
    """
    return mongo["vault"], mongo[KEYS], mongo[REQUESTS], mongo[TRIPS]


async def _part(vault: Collection, keys: Collection, tx: Transaction) -> int:
    """Moves some keys, in a transaction that an erasure of one of these persons conflicts with."""
    rows = await vault.find(WITH_KEY, dict.fromkeys(WRAPPED, 1), session=tx).limit(CHUNK).to_list(CHUNK)
    if rows:
        copies = [UpdateOne({"_id": row["_id"]}, {"$set": wrapped(row)}, upsert=True) for row in rows]
        await keys.bulk_write(copies, ordered=False, session=tx)
        gone = {"$unset": dict.fromkeys(WRAPPED, 1)}
        await vault.update_many({"_id": {"$in": [row["_id"] for row in rows]}}, gone, session=tx)
    return len(rows)


async def part(mongo: Mongo, settings: Settings) -> list[str]:
    """Keeps keys apart in a new installation, and in an older one that is told to; moves those that are not."""
    vault, keys = mongo["vault"], mongo[KEYS]
    if settings.vault_keys_apart or await vault.find_one({}, {"_id": 1}) is None:
        await keys.update_one({"_id": APART}, {"$set": {"apart": True}}, upsert=True)
    if await keys.find_one({"_id": APART}) is None:
        return ["keys lie in the vault, as the release before has them: VAULT_KEYS_APART=true parts them, for good"]
    moved = 0
    while chunk := await mongo.transact(partial(_part, vault, keys)):
        moved += chunk
    return [f"{moved} keys were parted from the vault"] if moved else []
