"""All that trials writes: aggregates, attempts, seats, and its copies of what others own."""

import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from datetime import tzinfo
from typing import Any, TypeVar

from pymongo import IndexModel, ReplaceOne, UpdateOne

from services.trials.catalogue import Competency, Season, Venue
from services.trials.copies import PARTICIPANTS, Organisation, Participant
from services.trials.instruments import Attempt, Instrument
from services.trials.path import Path
from services.trials.slots import Slot
from shared.identity.acting import acting, changed
from shared.programme.moments import zone
from shared.storage import code_twins
from shared.storage.code_twins import BY_CODE, FENCES
from shared.storage.mongo import WHOLE, Document, Mongo, Transaction
from shared.storage.namesakes import namesakes
from shared.storage.repository import Repository

WITH_REF = {"$type": "string"}
"""Said by a query too: without that, MongoDB does not take the index that has but those rows."""
INDEXES: Mapping[str, Sequence[IndexModel]] = {
    "organisations": [BY_CODE],
    PARTICIPANTS: [],
    "seasons": [BY_CODE],
    "instruments": [BY_CODE],
    "competencies": [BY_CODE],
    "venues": [
        BY_CODE,
        IndexModel([("region", 1), ("_id", 1)]),
        IndexModel([("municipality", 1), ("_id", 1)]),
        IndexModel([("organisation", 1), ("_id", 1)]),
    ],
    "slots": [
        IndexModel([("season", 1), ("starts", 1), ("_id", 1)]),
        IndexModel([("season", 1), ("region", 1), ("starts", 1), ("_id", 1)]),
        IndexModel([("season", 1), ("competency", 1), ("starts", 1), ("_id", 1)]),
        IndexModel([("venue", 1), ("starts", 1), ("_id", 1)]),
        IndexModel([("venue", 1), ("ref", 1)], unique=True, partialFilterExpression={"ref": WITH_REF}),
    ],
    FENCES: [],
    "attempts": [],
    "paths": [IndexModel("bookings.id", sparse=True), IndexModel("attendances.id", sparse=True)],
}
ZONE_SECONDS = 5.0
"""How long a region's offset is believed: it changes once in years, and no rule depends on it."""

T = TypeVar("T")


class Store:
    """The database of trials, as handlers and consumers use it."""

    def __init__(
        self,
        mongo: Mongo,
        *,
        seasons: Repository[Season],
        competencies: Repository[Competency],
        venues: Repository[Venue],
        slots: Repository[Slot],
        paths: Repository[Path],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.seasons = seasons
        self.competencies = competencies
        self.venues = venues
        self.slots = slots
        self.paths = paths
        self._mongo = mongo
        self._monotonic = monotonic
        self._zones: dict[str, tuple[float, tzinfo]] = {}
        self._fixed_seasons: dict[str, Season] = {}
        self._fixed_instruments: dict[str, Instrument] = {}

    async def transact(self, body: Callable[[Transaction], Coroutine[Any, Any, T]]) -> T:
        """Runs `body` in one transaction, again after a write conflict."""
        return await self._mongo.transact(body)

    def alone(self, catalogue: str, code: str, word: str = "code") -> Callable[[Transaction], Awaitable[None]]:
        """Raises Conflict, in a transaction, where a code is new and differs from another by case alone."""
        return lambda tx: code_twins.must_be_alone(self._mongo, catalogue, code, tx, word)

    async def named(self, code: str) -> list[Organisation]:
        """The organisations with a code, or in whose name it would be, however it is spelt."""
        found = await code_twins.spelt(self._mongo, "organisations", namesakes(code))
        return [Organisation.model_validate(d | {"id": d["_id"]}) for d in found]

    # Seasons and instruments are kept in memory only once they are in use: from then on they never change.

    async def rules(self, codes: Iterable[str], tx: Transaction) -> dict[str, Season]:
        """The seasons that exist among `codes`."""
        wanted = set(codes)
        missing = wanted - self._fixed_seasons.keys()
        found = await self.seasons.load(missing, tx) if missing else {}
        self._fixed_seasons |= {code: season for code, season in found.items() if season.in_use}
        return found | {code: self._fixed_seasons[code] for code in wanted - missing}

    async def instruments(self, codes: Iterable[str], tx: Transaction) -> dict[str, Instrument]:
        """The instruments that exist among `codes`."""
        wanted = set(codes)
        missing = wanted - self._fixed_instruments.keys()
        documents = await self._find("instruments", missing, tx) if missing else []
        found = {d["_id"]: Instrument.model_validate(d | {"code": d["_id"]}) for d in documents}
        self._fixed_instruments |= {code: known for code, known in found.items() if known.used}
        return found | {code: self._fixed_instruments[code] for code in wanted - missing}

    async def put_instrument(self, instrument: Instrument, tx: Transaction) -> None:
        """Stores an instrument that no attempt has used."""
        document = instrument.model_dump(exclude={"code"}) | {"_id": instrument.code} | changed(acting())
        await self._mongo["instruments"].replace_one({"_id": instrument.code}, document, upsert=True, session=tx)

    async def mark_used(self, codes: Iterable[str], tx: Transaction) -> None:
        """Makes instruments immutable; conflicts with a change that is under way."""
        await self._mark("instruments", codes, "used", tx)

    async def mark_in_use(self, seasons: Iterable[str], tx: Transaction) -> None:
        """Makes seasons immutable; conflicts with a change that is under way."""
        await self._mark("seasons", seasons, "in_use", tx)

    async def _mark(self, collection: str, codes: Iterable[str], flag: str, tx: Transaction) -> None:
        wanted = list(codes)
        if wanted:
            query = {"_id": {"$in": wanted}, flag: False}
            await self._mongo[collection].update_many(query, {"$set": {flag: True}}, session=tx)

    # Attempts and seats belong to no aggregate of one pupil's own events.

    async def attempts(self, keys: Iterable[str], tx: Transaction) -> dict[str, Attempt]:
        """The attempts that exist among the natural keys."""
        wanted = list(keys)
        documents = await self._find("attempts", wanted, tx) if wanted else []
        return {d["_id"]: Attempt.of(d) for d in documents}

    async def add_attempts(self, attempts: Sequence[Attempt], tx: Transaction) -> None:
        """Stores new attempts."""
        if attempts:
            await self._mongo["attempts"].insert_many([a.document() for a in attempts], ordered=False, session=tx)

    async def slots_by_ref(self, venue: str, refs: Iterable[str], tx: Transaction) -> dict[str, Slot]:
        """The venue's slots among `refs`, by ref."""
        query = {"venue": venue, "ref": {"$in": list(refs), **WITH_REF}}
        documents = await self._mongo["slots"].find(query, session=tx).to_list(None)
        return {d["ref"]: Slot.model_validate(d | {"id": d["_id"]}) for d in documents}

    async def count_seats(self, taken: Mapping[str, int], tx: Transaction) -> None:
        """Counts seats taken (or, below zero, freed) by slot; two at once conflict, if both read the slot before."""
        writes = [UpdateOne({"_id": slot}, {"$inc": {"booked": seats}}) for slot, seats in taken.items() if seats]
        if writes:
            await self._mongo["slots"].bulk_write(writes, ordered=False, session=tx)

    async def path_with(self, part: str, id: str) -> str | None:
        """The id of the path that has this booking (`bookings`) or attendance (`attendances`)."""
        found: Document | None = await self._mongo["paths"].find_one({f"{part}.id": id}, {"_id": 1})
        return None if found is None else str(found["_id"])

    # Copies of what registration owns.

    async def participants(self, ids: Iterable[str], tx: Transaction) -> dict[str, Participant]:
        """The pupils known among `ids`."""
        documents = await self._find(PARTICIPANTS, ids, tx)
        return {d["_id"]: Participant.model_validate(d | {"id": d["_id"]}) for d in documents}

    async def hold(self, pupils: Iterable[str], tx: Transaction) -> None:
        """Lets this transaction conflict with one that learns something of the pupils.

        A pupil's first step writes nothing that the other one reads: both would commit, and a seat be kept without
        consent. Whoever has a path already meets it there (`hold_paths`).
        """
        await self._touch(PARTICIPANTS, pupils, tx)

    async def hold_paths(self, ids: Iterable[str], tx: Transaction) -> None:
        """Lets this transaction conflict with every step that is being taken on the paths."""
        await self._touch("paths", ids, tx)

    async def _touch(self, collection: str, ids: Iterable[str], tx: Transaction) -> None:
        wanted = list(ids)
        if wanted:
            await self._mongo[collection].update_many({"_id": {"$in": wanted}}, {"$inc": {"held": 1}}, session=tx)

    async def organisations(self, codes: Iterable[str], tx: Transaction | None = None) -> dict[str, Organisation]:
        """The organisations known among `codes`."""
        documents = await self._find("organisations", codes, tx)
        return {d["_id"]: Organisation.model_validate(d | {"id": d["_id"]}) for d in documents}

    async def keep(self, copies: Sequence[Participant | Organisation], tx: Transaction) -> None:
        """Stores copies as they are by now."""
        for name, model in ((PARTICIPANTS, Participant), ("organisations", Organisation)):
            writes = [
                ReplaceOne({"_id": copy.id}, copy.model_dump(exclude={"id"}), upsert=True)
                for copy in copies
                if isinstance(copy, model)
            ]
            if writes:
                await self._mongo[name].bulk_write(writes, ordered=False, session=tx)

    async def zones(self, regions: Iterable[str]) -> dict[str, tzinfo]:
        """The offsets of the regions known among `regions`."""
        wanted, now = set(regions), self._monotonic()
        fresh = {r for r in wanted if r in self._zones and now - self._zones[r][0] < ZONE_SECONDS}
        if wanted - fresh:
            found = await self.organisations(wanted - fresh)
            self._zones |= {code: (now, zone(region.utc_offset)) for code, region in found.items()}
        return {region: self._zones[region][1] for region in wanted if region in self._zones}

    async def _find(self, collection: str, ids: Iterable[str], tx: Transaction | None) -> list[Document]:
        query = {"_id": {"$in": list(dict.fromkeys(ids))}}
        documents: list[Document] = (
            await self._mongo[collection].find(query, batch_size=WHOLE, session=tx).to_list(None)
        )
        return documents
