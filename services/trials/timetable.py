"""Slots by place and day, and whose bookings are still to follow them."""

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.trials.collections import IS_TEXT
from services.trials.copies.store import touch
from services.trials.domain.slots import Slot
from shared.storage.mongo import Document, Mongo, Transaction


@dataclass(frozen=True, slots=True)
class Holder:
    """A path that has a booking in a slot."""

    id: str
    participant: str
    """The entry whose path it is."""
    season: str


class Timetable:
    """The slots of one database, and the paths that hold their seats."""

    def __init__(self, mongo: Mongo) -> None:
        self._slots = mongo["slots"]
        self._paths = mongo["paths"]
        self._venues = mongo["venues"]

    async def by_ref(self, venue: str, refs: Iterable[str], tx: Transaction) -> dict[str, Slot]:
        """Returns the venue's slots among `refs`, by ref."""
        query = {"venue": venue, "ref": {"$in": list(refs), **IS_TEXT}}
        documents = await self._slots.find(query, session=tx).to_list(None)
        return {d["ref"]: Slot.model_validate(d | {"id": d["_id"]}) for d in documents}

    async def holders(self, slot: str, after: str, most: int, tx: Transaction) -> list[Holder]:
        """Returns the next paths, in the order of their ids, that have a booking in force in a slot."""
        query = {
            "bookings.slot": slot,
            "bookings": {"$elemMatch": {"slot": slot, "cancelled": None}},
            "_id": {"$gt": after},
        }
        found = self._paths.find(query, {"participant": 1, "season": 1}, session=tx).sort("_id", 1).limit(most)
        return [Holder(row["_id"], row["participant"], row["season"]) for row in await found.to_list(None)]

    async def attended(self, slots: Collection[str], tx: Transaction) -> set[str]:
        """Returns the slots that somebody has attended, be the booking on that path or on another entry's."""
        within = {"$in": list(slots)}
        query = {"attendances.slot": within, "attendances": {"$elemMatch": {"slot": within, "revoked": None}}}
        found: set[str] = set()
        async for row in self._paths.find(query, {"attendances": 1}, session=tx):
            found.update(one["slot"] for one in row["attendances"] if one.get("revoked") is None)
        return found & set(slots)

    async def hold(self, slots: Iterable[str], tx: Transaction) -> None:
        """Lets this transaction conflict with one that moves the slots or calls them off."""
        await touch(self._slots, slots, tx)

    async def advance(self, slot: str, following: str | None, freed: int, tx: Transaction) -> None:
        """Remembers how far the bookings of a slot have followed, with the seats that became free."""
        change = {"$set": {"following": following}, "$inc": {"booked": -freed}}
        await self._slots.update_one({"_id": slot}, change, session=tx)

    async def left_behind(self) -> tuple[str, str] | None:
        """Returns a slot whose bookings have not all followed it, and how far they have come."""
        found: Document | None = await self._slots.find_one({"following": IS_TEXT}, {"following": 1})
        return None if found is None else (found["_id"], found["following"])

    async def venues_of(self, municipality: str) -> Sequence[str]:
        """Returns the venues in a municipality."""
        found = self._venues.find({"municipality": municipality}, {"_id": 1})
        return [row["_id"] async for row in found]

    async def held(self, where: Document, begins: datetime, ends: datetime, most: int, tx: Transaction) -> list[Slot]:
        """Returns the first slots of a place that are not called off and start within a time."""
        query = {**where, "starts": {"$gte": begins, "$lt": ends}, "closing": None}
        found = self._slots.find(query, session=tx).sort([("starts", 1), ("_id", 1)]).limit(most)
        return [Slot.model_validate(row | {"id": row["_id"]}) for row in await found.to_list(None)]

    async def between(self, where: Document, begins: datetime, ends: datetime) -> AsyncIterator[tuple[str, bool]]:
        """Yields the slots of a place that start within a time, each with whether it is as it will be.

        It is so where it was called off, and all of its bookings have followed.
        """
        query = {**where, "starts": {"$gte": begins, "$lt": ends}}
        async for row in self._slots.find(query, {"closing": 1, "following": 1}).sort([("starts", 1), ("_id", 1)]):
            yield row["_id"], row.get("closing") is not None and row.get("following") is None
