"""The copies in the database: kept up to date by consumers, read by use cases."""

import time
from collections.abc import Callable, Iterable
from datetime import tzinfo

from pymongo import ReplaceOne

from services.trials.collections import PARTICIPANTS
from services.trials.copies.organisations import Organisation
from services.trials.copies.participants import Participant
from shared.programme.moments import zone
from shared.storage import code_twins
from shared.storage.copies import newest
from shared.storage.mongo import Collection, Document, Mongo, Transaction, by_ids
from shared.storage.namesakes import namesakes

ZONE_SECONDS = 5.0
"""A region's offset is believed for so long: it changes once in years, and no rule depends on it."""


class Copies:
    """Pupils and organisations of one database."""

    def __init__(self, mongo: Mongo, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._mongo = mongo
        self._monotonic = monotonic
        self._zones: dict[str, tuple[float, tzinfo]] = {}

    async def participants(self, ids: Iterable[str], tx: Transaction) -> dict[str, Participant]:
        """Returns the pupils known among `ids`."""
        documents = await by_ids(self._mongo[PARTICIPANTS], ids, tx)
        return {d["_id"]: Participant.model_validate(d | {"id": d["_id"]}) for d in documents}

    async def hold(self, pupils: Iterable[str], tx: Transaction) -> None:
        """Lets this transaction conflict with one that learns something of the pupils.

        A pupil's first step writes nothing that the other one reads: both would commit, and a seat be kept without
        consent. Whoever has a path already meets it there (`hold_paths`).
        """
        await touch(self._mongo[PARTICIPANTS], pupils, tx)

    async def organisations(self, codes: Iterable[str], tx: Transaction | None = None) -> dict[str, Organisation]:
        """Returns the organisations known among `codes`."""
        return _organisations(await by_ids(self._mongo["organisations"], codes, tx))

    async def namesakes(self, code: str) -> list[Organisation]:
        """Returns the organisations with a code, or in whose name it would be, however it is spelt."""
        return list(_organisations(await code_twins.spelt(self._mongo, "organisations", namesakes(code))).values())

    async def define(self, organisations: Iterable[Organisation], tx: Transaction) -> None:
        """Stores the organisations of which no newer definition is there."""
        fields = {"id", "sequence"}
        writes = [newest(entry.id, entry.model_dump(exclude=fields), entry.sequence) for entry in organisations]
        if writes:
            await self._mongo["organisations"].bulk_write(writes, session=tx)

    async def keep(self, pupils: Iterable[Participant], tx: Transaction) -> None:
        """Stores the copies of pupils as they are by now."""
        writes = [ReplaceOne({"_id": pupil.id}, pupil.model_dump(exclude={"id"}), upsert=True) for pupil in pupils]
        if writes:
            await self._mongo[PARTICIPANTS].bulk_write(writes, ordered=False, session=tx)

    async def zones(self, regions: Iterable[str]) -> dict[str, tzinfo]:
        """Returns the offsets of the regions known among `regions`."""
        wanted, now = set(regions), self._monotonic()
        fresh = {r for r in wanted if r in self._zones and now - self._zones[r][0] < ZONE_SECONDS}
        if wanted - fresh:
            found = await self.organisations(wanted - fresh)
            self._zones |= {code: (now, zone(region.utc_offset)) for code, region in found.items()}
        return {region: self._zones[region][1] for region in wanted if region in self._zones}


async def touch(rows: Collection, ids: Iterable[str], tx: Transaction) -> None:
    """Writes rows without a change, so that whoever reads or writes them meanwhile conflicts."""
    wanted = list(ids)
    if wanted:
        await rows.update_many({"_id": {"$in": wanted}}, {"$inc": {"held": 1}}, session=tx)


def _organisations(documents: Iterable[Document]) -> dict[str, Organisation]:
    return {d["_id"]: Organisation.model_validate(d | {"id": d["_id"]}) for d in documents}
