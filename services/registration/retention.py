"""Retention in the database: the terms of regions, who may be due, the list, and the day of each region's last run."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime

from pymongo import DeleteOne, ReplaceOne

from services.registration.collections import GONE, RETENTION, RETENTION_LIST, RETENTION_RUNS, WITHDRAWN
from services.registration.domain.participants import Participant
from services.registration.domain.retention import NOTICE, Due, Listed, Terms
from shared.identity.acting import acting, changed
from shared.programme.moments import zone
from shared.storage.mongo import Document, Mongo, Transaction, by_ids

Clocks = Mapping[str, str]
"""The offset of the clock by region."""


class Retention:
    """All that says when a pupil is erased whose time is over."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._terms = mongo[RETENTION]
        self._list = mongo[RETENTION_LIST]
        self._runs = mongo[RETENTION_RUNS]

    async def terms(self, region: str, tx: Transaction | None = None) -> Terms:
        """The terms of a region; those of the programme where it has set none."""
        return Terms.of(await self._terms.find_one({"_id": region}, session=tx), region)

    async def put(self, terms: Terms, tx: Transaction) -> None:
        """Stores the terms of a region, whose list is drawn up again at once."""
        row = {**terms.model_dump(exclude={"region"}), **changed(acting())}
        await self._terms.replace_one({"_id": terms.region}, row, upsert=True, session=tx)
        await self._runs.delete_one({"_id": terms.region}, session=tx)

    async def candidates(self, region: str, after: str, most: int) -> list[Participant]:
        """The pupils of a region who may be due, those with the next ids after one."""
        query = {"$and": [may_be_due(region), {"_id": {"$gt": after}}]}
        rows = await self._mongo["participants"].find(query).sort("_id", 1).limit(most).to_list(most)
        return [Participant.of(row) for row in rows]

    # The list.

    async def listed(self, pupils: Iterable[str], tx: Transaction | None = None) -> dict[str, Listed]:
        """The entries of the pupils among these who are on the list."""
        return {row["_id"]: Listed.of(row) for row in await by_ids(self._list, pupils, tx)}

    async def enter(self, region: str, dues: Mapping[str, Due], today: date) -> None:
        """Puts pupils onto the list from a day on."""
        writes = [
            ReplaceOne(
                {"_id": id},
                {"region": region, **Listed.entered(due, today).model_dump(mode="json")},
                upsert=True,
            )
            for id, due in dues.items()
        ]
        if writes:
            await self._list.bulk_write(writes, ordered=False)

    async def strike(self, pupils: Collection[str], tx: Transaction | None = None) -> None:
        """Takes pupils off the list."""
        if pupils:
            writes = [DeleteOne({"_id": id}) for id in pupils]
            await self._list.bulk_write(writes, ordered=False, session=tx)

    async def over(self, region: str, today: date, most: int) -> list[str]:
        """The pupils of a region's list who have been on it for long enough, some of them, in order."""
        query = {"region": region, "since": {"$lte": (today - NOTICE).isoformat()}}
        rows = await self._list.find(query, {"_id": 1}).sort("_id", 1).limit(most).to_list(most)
        return [row["_id"] for row in rows]

    # The days on which regions were gone through.

    async def next_region(self, now: datetime) -> tuple[str, date] | None:
        """A region whose list of today, by its own clock, was not gone through yet; None where all were."""
        regions = self._mongo["organisations"].find({"kind": "region"}, {"utc_offset": 1}).sort("_id", 1)
        clocks: Clocks = {row["_id"]: row["utc_offset"] async for row in regions}
        done = {row["_id"]: row["day"] async for row in self._runs.find({})}
        for region, offset in clocks.items():
            today = now.astimezone(zone(offset)).date()
            if done.get(region, "") < today.isoformat():
                return region, today
        return None

    async def done(self, region: str, day: date) -> None:
        """Notes that a region was gone through on a day."""
        await self._runs.replace_one({"_id": region}, {"day": day.isoformat()}, upsert=True)


def may_be_due(region: str, before: datetime | None = None) -> Document:
    """Matches the pupils of a region who may be due, for what happened before a time; the indexes have no others."""
    until: Document = {} if before is None else {"$lt": before}
    own: Document = {"place.region": region, "erased_at": None, "merged": None}
    gone = {**own, **GONE, **({"archived.at": until} if until else {})}
    withdrawn = {**own, "consents.withdrawn_at": {**WITHDRAWN["consents.withdrawn_at"], **until}}
    return {"$or": [gone, withdrawn]}
