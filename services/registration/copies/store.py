"""The copies in the database: kept up to date by consumers, read by use cases and reads."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from pymongo import DeleteOne, ReplaceOne, UpdateOne

from services.registration.copies import payment_acts, seasons
from services.registration.copies.payment_acts import Act
from services.registration.copies.seasons import Season
from services.registration.copies.slots import Slot, slot_row
from shared.contracts.event import Envelope
from shared.contracts.payments import ActSigned
from shared.contracts.terms import SeasonRevised
from shared.contracts.timetables import SlotMoved
from shared.contracts.trials import SeasonClosed, SeasonDefined, SlotOpened
from shared.contracts.venues import CompetencyApproved, VenueRegistered
from shared.programme.clocks import Clocks, zone
from shared.storage.copies import newest
from shared.storage.mongo import WHOLE, Document, Mongo, Transaction, by_ids

UTC_CLOCK = "+00:00"
"""Of a region whose clock is not known."""


class Copies:
    """Seasons, competencies, venues, slots, acts for payment and steps of one database."""

    def __init__(self, mongo: Mongo) -> None:
        self._rules = mongo["rules"]
        self._steps = mongo["steps"]
        self._slots = mongo["slots"]
        self._venues = mongo["venues"]
        self._competencies = mongo["competencies"]
        self._payment_acts = mongo["payment_acts"]

    async def seasons(self, codes: Iterable[str]) -> dict[str, Season]:
        """The seasons that trials has defined among `codes`."""
        return {row["_id"]: Season.of(row) for row in await self.definitions(codes)}

    async def definitions(self, codes: Iterable[str]) -> list[Document]:
        """The definitions of seasons among `codes`, with the fields of their events."""
        return await self._rules.find({"_id": {"$in": list(dict.fromkeys(codes))}}).to_list(None)

    async def seasons_since(self, day: date) -> frozenset[str]:
        """The codes of the seasons that open on a day or later."""
        return frozenset(await self._rules.distinct("_id", {"opens": {"$gte": day.isoformat()}}))

    async def steps(self, ids: Sequence[str]) -> list[Document]:
        """The rows of steps that exist among `ids`."""
        return await self._steps.find({"_id": {"$in": ids}}).to_list(None)

    async def slot(self, id: str) -> tuple[Slot, Sequence[str]] | None:
        """A slot with the codes in which a grant speaks for it; None for one that is not known, or long over."""
        row = await self._slots.find_one({"_id": id})
        venue = row and await self._venues.find_one({"_id": row["venue"]})
        return (Slot.of(row), [venue["organisation"], venue["_id"]]) if row and venue else None

    async def held(self, venue: str, day: date, clocks: Clocks) -> list[Slot]:
        """The slots of a venue that begin on a day of its region, the earliest first, but for those long over."""
        midnight = datetime.combine(day, datetime.min.time(), UTC)
        begins, ends = midnight - timedelta(hours=14), midnight + timedelta(hours=36)
        query = {"venue": venue, "starts": {"$gte": begins, "$lt": ends}}
        slots = map(Slot.of, await self._slots.find(query).sort([("starts", 1), ("_id", 1)]).to_list(None))
        return [
            slot for slot in slots if slot.starts.astimezone(zone(clocks.of(slot.region) or UTC_CLOCK)).date() == day
        ]

    async def venue_name(self, code: str) -> str:
        """The name and the address of a venue, as far as they were told; its code otherwise."""
        row = await self._venues.find_one({"_id": code}) or {}
        return ", ".join(filter(None, (row.get("name") or code, row.get("address"))))

    async def seated(self, slot: str) -> list[Document]:
        """The rows of steps of everyone who ever booked a seat in a slot."""
        return await self._steps.find({"booked.slot": slot}, {"booked": 1, "cancelled": 1}).to_list(None)

    async def payment_act(self, id: str) -> Act | None:
        """An act for payment; None for one that is not known, or not yet as a whole."""
        row = await self._payment_acts.find_one({"_id": id})
        return Act.of(row) if row else None

    async def attended(self, slots: Iterable[str]) -> list[Document]:
        """The rows of steps of everyone who ever booked a seat in one of the slots, with what was attended."""
        query = {"booked.slot": {"$in": list(slots)}}
        return await self._steps.find(query, {"attended": 1}, batch_size=WHOLE).to_list(None)

    async def sign(self, signed: Iterable[ActSigned], tx: Transaction) -> None:
        """Keeps the parts of acts for payment."""
        writes = [UpdateOne({"_id": one.act}, {"$set": payment_acts.told(one)}, upsert=True) for one in signed]
        if writes:
            await self._payment_acts.bulk_write(writes, ordered=False, session=tx)

    async def time(self, told: Iterable[SlotOpened | SlotMoved], now: datetime, tx: Transaction) -> None:
        """Keeps slots at the times that were told last, but for those that are long over, as in a replay."""
        rows = {row["_id"]: row for row in map(slot_row, told)}
        writes = [
            ReplaceOne({"_id": id}, row, upsert=True) if row["expires"] > now else DeleteOne({"_id": id})
            for id, row in rows.items()
        ]
        if writes:
            await self._slots.bulk_write(writes, ordered=False, session=tx)

    async def register(self, registered: Iterable[VenueRegistered], tx: Transaction) -> None:
        """Keeps the owner of each venue, which never changes, and what it was called and where it lay last."""
        told = {one.venue: one.model_dump(include={"organisation", "name", "address"}) for one in registered}
        writes = [UpdateOne({"_id": id}, {"$set": said}, upsert=True) for id, said in told.items()]
        if writes:
            await self._venues.bulk_write(writes, ordered=False, session=tx)

    async def define(self, defined: Iterable[tuple[SeasonDefined, str]], tx: Transaction) -> None:
        """Keeps the newest definition of each season, given with its sequence."""
        writes = [newest(season.season, season.model_dump(mode="json"), sequence) for season, sequence in defined]
        if writes:
            await self._rules.bulk_write(writes, ordered=True, session=tx)

    async def revise(self, revised: Iterable[tuple[SeasonRevised, Envelope]], tx: Transaction) -> None:
        """Keeps the versions of each season's last day of registration, by their sequence."""
        writes = [
            UpdateOne({"_id": event.season}, {"$set": {f"terms.{told.sequence}": seasons.told(event, told.time)}})
            for event, told in revised
        ]
        if writes:
            await self._rules.bulk_write(writes, ordered=False, session=tx)

    async def approve(self, approved: Iterable[tuple[CompetencyApproved, str]], tx: Transaction) -> None:
        """Keeps the newest name of each competency, given with its sequence."""
        writes = [newest(one.code, {"name": one.name}, sequence) for one, sequence in approved]
        if writes:
            await self._competencies.bulk_write(writes, ordered=True, session=tx)

    async def competencies(self, codes: Iterable[str]) -> dict[str, str]:
        """The names of those competencies that are known."""
        return {row["_id"]: row["name"] for row in await by_ids(self._competencies, codes)}

    async def close(self, closed: Iterable[tuple[SeasonClosed, datetime]], tx: Transaction) -> None:
        """Keeps the time at which each season was closed, which is after its last definition."""
        writes = [UpdateOne({"_id": season.season}, {"$set": {"closed_at": time}}) for season, time in closed]
        if writes:
            await self._rules.bulk_write(writes, ordered=False, session=tx)

    async def add_steps(self, taken: Mapping[str, Mapping[str, Sequence[object]]], tx: Transaction) -> None:
        """Adds to sets that only grow, by `progress_id` and name of the set: order and repetition do not matter."""
        writes = [
            UpdateOne(
                {"_id": id}, {"$addToSet": {name: {"$each": added} for name, added in steps.items()}}, upsert=True
            )
            for id, steps in taken.items()
        ]
        if writes:
            await self._steps.bulk_write(writes, ordered=False, session=tx)
