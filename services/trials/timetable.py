"""Slots by place and day, and whose bookings are still to follow them."""

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from services.trials.collections import IS_TEXT
from services.trials.copies.store import touch
from services.trials.domain.timetable.slots import Slot
from shared.storage.mongo import Document, Mongo, Transaction


@dataclass(frozen=True, slots=True)
class Holder:
    """A path that has a booking in a slot."""

    id: str
    participant: str
    """The entry whose path it is."""
    season: str


class Window(NamedTuple):
    """Days on whichever clocks, and the instants within which they lie on any of them."""

    day: date
    last: date
    """Included."""
    begins: datetime
    ends: datetime

    @property
    def range(self) -> Document:
        """The starts of slots that may be on these days."""
        return {"$gte": self.begins, "$lt": self.ends}


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

    async def unsettled(self, where: Document, window: Window, begun: datetime) -> AsyncIterator[str]:
        """Yields the slots of a place within a time, but for those that stay as they are.

        They do where all of their bookings have followed, and they were called off or had begun.
        """
        ahead = {"starts": {"$gt": begun}, "closing": None}
        query = {**where, "starts": window.range, "$or": [ahead, {"following": IS_TEXT}]}
        async for row in self._slots.find(query, {"_id": 1}).sort([("starts", 1), ("_id", 1)]):
            yield row["_id"]

    async def begun(self, where: Document, window: Window, begun: datetime) -> int:
        """Counts the slots of a place that had begun on the days of a time, and are settled without a calling off."""
        days = {"$gte": window.day.isoformat(), "$lt": (window.last + timedelta(days=1)).isoformat()}
        on_days = {"starts": {**window.range, "$lte": begun}, "starts_at": days}
        return await self._slots.count_documents({**where, **on_days, "closing": None, "following": None})
