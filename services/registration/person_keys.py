"""Persons' wrapped keys, apart from the data that they open: a copy of the vault alone opens nothing.

An installation of an earlier release has each key in the vault's row, where its processes look for it; there keys stay
until an operator says that none of them will run again (`VAULT_KEYS_APART` of `bilet migrate`).
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from functools import partial

from cryptography.exceptions import InvalidTag
from pymongo import UpdateOne

from services.registration.collections import KEYS, WITH_KEY
from shared.base.errors import Unavailable
from shared.base.settings import Settings
from shared.identity.key_ring import WRAPPED_BY, wrapped_by
from shared.identity.vault import VERSION, Vault
from shared.storage.mongo import Collection, Document, Mongo, Transaction, by_ids

APART = "apart"
"""The row that says that keys lie here; no person has such an id."""
CHUNK = 1_000
WRAPPED = ("key", WRAPPED_BY)
"""The fields of a wrapped key."""
OTHER = "a person's key was wrapped by another key than the one that is named {} in the settings"


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

    async def prove(self, vault: Vault) -> None:
        """Raises Unavailable, which names the key, where a key that wraps persons' is not in the ring or another one.

        One row for each such key is tried: what none of these is under would be found out when it is read.
        """
        for rows in (self._rows, self._keys):
            async for sample in _one_for_each(rows):
                (row,) = await versioned([sample], self._rows)
                try:
                    vault.prove(row)
                except InvalidTag:
                    raise Unavailable(OTHER.format(wrapped_by(row))) from None


def wrapped(row: Document) -> Document:
    """Returns the fields of a row that are a wrapped key."""
    return {name: row[name] for name in WRAPPED if name in row}


async def versioned(rows: Sequence[Document], vault: Collection) -> list[Document]:
    """Returns wrapped keys with the version of the data that they open, to which they are bound."""
    known = await by_ids(vault, [row["_id"] for row in rows if "version" not in row])
    versions = {row["_id"]: row["version"] for row in known}
    return [{"version": versions.get(row["_id"], VERSION), **row} for row in rows]


async def _one_for_each(rows: Collection) -> AsyncIterator[Document]:
    """A row for each key that wraps one here, each found in the index at once."""
    last: Document | None = None
    while True:
        found = await rows.find({**WITH_KEY, WRAPPED_BY: last}).sort(WRAPPED_BY, 1).limit(1).to_list(1)
        for row in found:
            yield row
        if last is not None and not found:
            return
        last = {"$gt": found[0].get(WRAPPED_BY, "") if found else ""}


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
