"""Persons' wrapped keys where they lie: which ring opens them is proved, and they are wrapped anew beside processes."""

import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from pymongo import IndexModel, UpdateOne

from shared.base.errors import Unavailable
from shared.base.named_keys import DERIVED
from shared.identity.key_ring import WRAPPED_BY, KeyRing, wrapped_by
from shared.identity.vault import VERSION, Vault
from shared.storage.mongo import Collection, Document, by_ids

CHUNK = 500
SAID_SECONDS = 5.0
"""Between two lines about the progress."""
WITH_KEY: Document = {"key": {"$exists": True}}
"""Matches rows with a person's wrapped key."""
BY_WRAPPING = IndexModel(WRAPPED_BY, partialFilterExpression=WITH_KEY)
WRAPPED = ("key", WRAPPED_BY)
"""The fields of a wrapped key."""
OTHER = "a person's key was wrapped by another key than the one that is named {} in the settings"
Say = Callable[[str], None]


def wrapped(row: Document) -> Document:
    """Returns the fields of a row that are a wrapped key."""
    return {name: row[name] for name in WRAPPED if name in row}


async def versioned(rows: Sequence[Document], data: Collection) -> list[Document]:
    """Returns wrapped keys with the version of the data that they open, to which they are bound."""
    known = await by_ids(data, [row["_id"] for row in rows if "version" not in row])
    versions = {row["_id"]: row["version"] for row in known}
    return [{"version": versions.get(row["_id"], VERSION), **row} for row in rows]


async def prove(vault: Vault, places: Sequence[Collection]) -> None:
    """Raises Unavailable, which names the key, where a key that wraps persons' is not in the ring or another one.

    `places` are where keys lie, first that of the data. One row for each such key is tried: what none of these is under
    would be found out when it is read.
    """
    for rows in places:
        async for sample in _one_for_each(rows):
            (row,) = await versioned([sample], places[0])
            try:
                vault.prove(row)
            except InvalidTag:
                raise Unavailable(OTHER.format(wrapped_by(row))) from None


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


@dataclass(slots=True)
class Rotated:
    """The outcome of a rotation."""

    done: int = 0
    """Keys that were wrapped anew."""
    closed: Counter[str] = field(default_factory=Counter)
    """Keys that could not be opened, by the id of what had wrapped them."""
    left: Counter[str] = field(default_factory=Counter)
    """Keys that are wrapped by another key than the current one in the end, by its id."""


class Rotation:
    """Wraps anew what other keys than the current one have wrapped; it may run at any time, twice, and again.

    A key is replaced where it stands as it was read alone: one that an erasure has destroyed stays destroyed, and an
    erasure that meets a replaced one begins its transaction anew.
    """

    def __init__(self, places: Sequence[Collection], vault: Vault, say: Say) -> None:
        """`places` are where keys lie: where they move from one to another, that one is behind it."""
        self._places = places
        self._vault = vault
        self._say = say

    async def run(self) -> Rotated:
        """Wraps anew all that there is; tells the progress."""
        rotated = Rotated()
        waiting = sum((await self._left()).values())
        said = time.monotonic()
        for rows in self._places:
            async for chunk in self._chunks(rows):
                rotated.done += await self._wrap(rows, chunk, rotated.closed)
                if time.monotonic() - said >= SAID_SECONDS:
                    self._say(f"{rotated.done:,} of {waiting:,} keys")
                    said = time.monotonic()
        rotated.left = await self._left()
        return rotated

    async def _chunks(self, collection: Collection) -> AsyncIterator[list[Document]]:
        """The rows that another key has wrapped, each once."""
        last = ""
        while True:
            query = {"_id": {"$gt": last}, **WITH_KEY, WRAPPED_BY: {"$ne": self._current}}
            fields = dict.fromkeys((*WRAPPED, "version"), 1)
            rows = await collection.find(query, fields).hint("_id_").sort("_id", 1).limit(CHUNK).to_list(CHUNK)
            if not rows:
                return
            last = rows[-1]["_id"]
            yield await versioned(rows, self._places[0])

    @property
    def _current(self) -> str | None:
        """The id of the current key as rows have it."""
        current = self._vault.ring.current
        return None if current == DERIVED else current

    async def _wrap(self, collection: Collection, rows: Sequence[Document], closed: Counter[str]) -> int:
        writes = []
        for row in rows:
            try:
                again = wrapped(self._vault.wrap_again(row))
            except (Unavailable, InvalidTag):
                closed[wrapped_by(row)] += 1
                continue
            gone = {} if WRAPPED_BY in again else {"$unset": {WRAPPED_BY: 1}}
            writes.append(UpdateOne({"_id": row["_id"], "key": row["key"]}, {"$set": again, **gone}))
        return (await collection.bulk_write(writes, ordered=False)).modified_count if writes else 0

    async def _left(self) -> Counter[str]:
        """Returns how many keys each key but the current one has wrapped, by its id."""
        others: Document = {**WITH_KEY, WRAPPED_BY: {"$ne": self._current}}
        counted: Counter[str] = Counter()
        for rows in self._places:
            steps = [{"$match": others}, {"$group": {"_id": f"${WRAPPED_BY}", "count": {"$sum": 1}}}]
            async for row in rows.aggregate(steps):
                counted[row["_id"] or DERIVED] += row["count"]
        return counted


async def rotate(places: Sequence[Collection], ring: KeyRing, backups: str, say: Say) -> bool:
    """Wraps anew, and tells what was done, what is left and which keys may go; False where keys are left."""
    rotated = await Rotation(places, Vault(ring, os.urandom), say).run()
    for line in report(ring, rotated, backups):
        say(line)
    return not rotated.left


def report(ring: KeyRing, rotated: Rotated, backups: str) -> list[str]:
    """Returns the outcome in sentences; `backups` says of which ones an old key is still needed, and how long."""
    lines = [f"{rotated.done:,} keys were wrapped anew by {ring.current}"]
    for id, count in sorted(rotated.left.items()):
        if id not in ring.ids:
            why = "VAULT_KEYS lacks it"
        elif rotated.closed[id]:
            why = f"{rotated.closed[id]:,} do not open: the key of this id is another one"
        else:
            why = f"a process still begins with it: run this again once all begin with {ring.current}"
        lines.append(f"{count:,} keys are wrapped by {id}: {why}")
    for id in ring.ids[1:]:
        if rotated.left[id]:
            continue
        if id == DERIVED:
            lines.append(f"{id} wraps no key any more; MASTER_KEY stays, other keys follow from it")
        else:
            lines.append(
                f"{id} wraps no key any more: it may leave VAULT_KEYS once every process begins with {ring.current}; "
                f"keep it with the backups of {backups}"
            )
    return lines
