"""Lines of slots in the database, and the slots and bookings in which something is to be done for them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from pymongo import ReplaceOne, UpdateOne

from services.trials.attempts import below
from services.trials.collections import IS_DATE, IS_TEXT
from services.trials.domain.seats.waiting import SEATED, Waiter
from shared.storage.mongo import Document, Mongo, Transaction

WAITS = {"waiting": {"$gt": 0}}


class Due(NamedTuple):
    """Something to be done: a slot with seats for its line, or a place whose booking nobody confirmed."""

    slot: str | None = None
    overdue: Waiter | None = None


class Lines:
    """The waiting lists of one database."""

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo["waiting"]
        self._slots = mongo["slots"]
        self._paths = mongo["paths"]

    async def on(self, paths: Collection[str], tx: Transaction) -> list[Waiter]:
        """Returns the places of paths, in whatever lines."""
        rows = await self._rows.find({"path": {"$in": list(paths)}}, session=tx).to_list(None)
        return [_waiter(row) for row in rows]

    async def of_slot(self, slot: str, most: int, tx: Transaction) -> list[Waiter]:
        """Returns the first who wait for a seat in a slot."""
        found = self._rows.find({"slot": slot, "ended": None}, session=tx).sort("number", 1).limit(most)
        return [_waiter(row) for row in await found.to_list(None)]

    async def waiting_after(self, id: str, most: int) -> list[Waiter]:
        """Returns the next who wait, in whatever lines, by the ids of their places."""
        found = self._rows.find({"_id": {"$gt": id}, "ended": None}).sort("_id", 1).limit(most)
        return [_waiter(row) for row in await found.to_list(None)]

    async def made_from(self, booking: str, paths: Collection[str], tx: Transaction) -> Sequence[Waiter]:
        """Returns the place from which a booking was made, if it was."""
        return [place for place in await self.on(paths, tx) if place.booking == booking]

    async def ahead(self, place: Waiter, tx: Transaction) -> int:
        """Returns how many wait before a place."""
        query = {"slot": place.slot, "ended": None, "number": {"$lt": place.number}}
        return await self._rows.count_documents(query, session=tx)

    async def put(self, places: Iterable[Waiter], tx: Transaction) -> None:
        """Stores places as they are by now."""
        writes = [ReplaceOne({"_id": one.id}, _document(one), upsert=True) for one in places]
        if writes:
            await self._rows.bulk_write(writes, ordered=False, session=tx)

    async def count(self, waiting: Mapping[str, int], tx: Transaction, given: int = 0) -> None:
        """Counts who waits by slot, with the numbers that were given; two at once who read the slot conflict."""
        writes = [
            UpdateOne({"_id": slot}, {"$inc": {"waiting": more, "line": given}}) for slot, more in waiting.items()
        ]
        if writes:
            await self._slots.bulk_write(writes, ordered=False, session=tx)

    async def destroy_of(self, participant: str, tx: Transaction) -> int:
        """Destroys the places of an entry, and gives up those where it waited; returns how many there were."""
        mine = {"path": below(participant)}
        rows = await self._rows.find(mine, {"slot": 1, "ended": 1}, session=tx).to_list(None)
        await self.count({row["slot"]: -1 for row in rows if row["ended"] is None}, tx)
        return (await self._rows.delete_many(mine, session=tx)).deleted_count

    async def hasten(self, slot: str, latest: datetime | None, tx: Transaction) -> None:
        """Lets the seats of a slot that are to be confirmed be so by a time at the latest; by None, they are."""
        query = {"slot": slot, "until": IS_DATE if latest is None else {**IS_DATE, "$gt": latest}}
        await self._rows.update_many(query, {"$set": {"until": latest}}, session=tx)

    async def due(self, now: datetime) -> Due | None:
        """Returns what is to be done first: bookings are given up before seats are given."""
        late: Document | None = await self._rows.find_one({"until": {**IS_DATE, "$lte": now}})
        if late is not None:
            return Due(overdue=_waiter(late))
        free = {"$expr": {"$lt": ["$booked", "$capacity"]}}
        over = [{"closing": {"$ne": None}}, {"starts": {"$lte": now}}]
        found: Document | None = await self._slots.find_one({**WAITS, "$or": [free, *over]}, {"_id": 1})
        return None if found is None else Due(slot=found["_id"])

    async def were_seated(self, booked: Mapping[str, str], tx: Transaction) -> None:
        """Ends the places, by their ids, of which events tell that bookings were made; others are none of ours."""
        rows = await self._rows.find({"_id": {"$in": list(booked)}, "ended": None}, session=tx).to_list(None)
        seated = [replace(_waiter(row), ended=SEATED, booking=booked[row["_id"]]) for row in rows]
        for place in seated:
            await self.count({place.slot: -1}, tx)
        await self.put(seated, tx)

    async def forget_deadlines(self) -> None:
        """Takes every seat that is to be confirmed for confirmed, since no event tells which were."""
        await self._rows.update_many({"until": IS_DATE}, {"$set": {"until": None}})
        to_confirm = {"confirm_by": IS_TEXT}
        await self._paths.update_many(
            {"bookings": {"$elemMatch": to_confirm}},
            {"$set": {"bookings.$[asked].confirm_by": None}},
            array_filters=[{"asked.confirm_by": IS_TEXT}],
        )


def _document(place: Waiter) -> Document:
    return {
        "_id": place.id,
        "path": place.path,
        "slot": place.slot,
        "number": place.number,
        "joined": place.joined.isoformat(),
        "ended": place.ended,
        "booking": place.booking,
        "until": place.until,
    }


def _waiter(row: Document) -> Waiter:
    fields = {name: value for name, value in row.items() if name != "_id"}
    return Waiter(**fields | {"joined": datetime.fromisoformat(row["joined"])})
