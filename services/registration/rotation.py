"""Rotation: persons' keys are wrapped anew by the ring's current key, beside the processes that use them.

`python -m services.registration.rotation` does it where the settings of registration are.
"""

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from pymongo import UpdateOne

from services.registration.collections import KEYS, WITH_KEY
from services.registration.person_keys import WRAPPED, versioned, wrapped
from shared.base.errors import Unavailable
from shared.base.named_keys import DERIVED
from shared.base.settings import Settings, from_environment
from shared.identity.key_ring import WRAPPED_BY, KeyRing, wrapped_by
from shared.identity.vault import Vault
from shared.storage.mongo import Collection, Document, Mongo

CHUNK = 500
SAID_SECONDS = 5.0
"""Between two lines about the progress."""
Say = Callable[[str], None]


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

    def __init__(self, mongo: Mongo, vault: Vault, say: Say) -> None:
        # Keys move from the first to the second: one that has left the first unseen is seen in the second.
        self._collections: Sequence[Collection] = (mongo["vault"], mongo[KEYS])
        self._vault = vault
        self._say = say

    async def run(self) -> Rotated:
        """Wraps anew all that there is; tells the progress."""
        rotated = Rotated()
        waiting = sum((await self._left()).values())
        said = time.monotonic()
        for collection in self._collections:
            async for rows in self._chunks(collection):
                rotated.done += await self._wrap(collection, rows, rotated.closed)
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
            yield await versioned(rows, self._collections[0])

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
        for collection in self._collections:
            steps = [{"$match": others}, {"$group": {"_id": f"${WRAPPED_BY}", "count": {"$sum": 1}}}]
            async for row in collection.aggregate(steps):
                counted[row["_id"] or DERIVED] += row["count"]
        return counted


async def rotate(settings: Settings, say: Say) -> bool:
    """Rotates, and tells what was done, what is left and which keys may go; False where keys are left."""
    ring = KeyRing.of(settings)
    mongo = Mongo(settings.mongo_url, settings.database("registration"))
    try:
        rotated = await Rotation(mongo, Vault(ring, os.urandom), say).run()
    finally:
        mongo.close()
    for line in report(ring, rotated, settings.key_backup_days):
        say(line)
    return not rotated.left


def report(ring: KeyRing, rotated: Rotated, backup_days: int) -> list[str]:
    """Returns the outcome in sentences."""
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
                f"keep it with the backups of {KEYS} from before now, which are kept {backup_days} days"
            )
    return lines


if __name__ == "__main__":
    raise SystemExit(0 if asyncio.run(rotate(from_environment(Settings), print)) else 1)
