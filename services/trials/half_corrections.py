"""Corrections of parts that no path has yet: a restored database reads both in topics' partitions of their own."""

from collections.abc import Iterable, Sequence
from typing import get_args

from pymongo import ReplaceOne

from services.trials.collections import HALF_CORRECTIONS
from services.trials.domain.path.path_parts import Correcting, Correction
from shared.storage.mongo import Mongo, Transaction, by_ids

ENDS = ("", *(f"/{kind}" for kind in get_args(Correcting)))
"""The ends of keys behind the part's id; the release before had none for all that takes a part back."""


class HalfCorrections:
    """The corrections that survivors' events tell of duplicates' paths, until the part is there."""

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo[HALF_CORRECTIONS]
        self._paths = mongo["paths"]

    async def paths(self, parts: Sequence[str], tx: Transaction) -> list[str]:
        """Returns the ids of the entries' paths that have parts with these ids, but for attempts."""
        ways = [{f"{part}.id": {"$in": parts}} for part in ("bookings", "attendances", "lessons", "recommendation")]
        return [row["_id"] async for row in self._paths.find({"$or": ways}, {"_id": 1}, session=tx)] if parts else []

    async def take(self, made: Sequence[Correction], parts: Iterable[str], tx: Transaction) -> list[Correction]:
        """Keeps corrections, and returns those of some parts by time, and forgets them."""
        rows = {one.key: one.model_dump(mode="json", exclude={"id"}) for one in made}
        writes = [ReplaceOne({"_id": key}, row, upsert=True) for key, row in rows.items()]
        if writes:
            await self._rows.bulk_write(writes, ordered=False, session=tx)
        keys = (part + end for part in parts for end in ENDS)
        found = await by_ids(self._rows, keys, tx)
        await self._rows.delete_many({"_id": {"$in": [row["_id"] for row in found]}}, session=tx)
        taken = (Correction.model_validate({**row, "id": row["_id"].partition("/")[0]}) for row in found)
        return sorted(taken, key=lambda one: one.time)
