"""Scoped reads of the figures: a region's season from one snapshot, with the log position that it stands for."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from tempfile import TemporaryFile
from typing import Any, NamedTuple

from bson import CodecOptions, decode_file_iter
from bson.raw_bson import RawBSONDocument

from services.analytics.collections import CELLS, COMPETENCIES, GIVEN, GUARDIANS, ORGANISATIONS, RESERVATIONS, SEASONS
from services.analytics.documents import leaves, links_of
from services.analytics.enrolments import Link
from services.analytics.facts import Day
from services.analytics.figures import quotas
from services.analytics.figures.cells import Count, Table
from services.analytics.figures.reading import Asked, Counts, Given, OfPlace, Reading
from shared.base.errors import FieldError, NotFound
from shared.identity.grants import Scope
from shared.identity.principal import Principal
from shared.messaging.offsets import StoredOffsets, position
from shared.programme.clocks import Clocks
from shared.programme.moments import zone
from shared.storage.mongo import Document, Mongo, Transaction

AT_ONCE = 1_000
"""Documents that are decoded together, which nothing can interrupt."""


class Standing(NamedTuple):
    """The state that an answer stands for: while both parts are the same, so are its figures."""

    position: Mapping[str, int]
    """The log as far as it was counted: `topic:partition` → offset of the next event."""
    days: tuple[Day, ...]
    """The last local days that it includes."""


class RegionReading(Reading):
    """A region's season in one snapshot, as far as a scope reaches."""

    def __init__(
        self,
        mongo: Mongo,
        offsets: Sequence[StoredOffsets],
        tx: Transaction,
        asked: Asked,
        region: "Region",
        reached: Mapping[str, str] | None,
    ) -> None:
        """`reached` are the only municipalities that are read, code → name; None for the whole region."""
        self._mongo = mongo
        self._offsets = offsets
        self._tx = tx
        self._where: Document = {"season": asked.season, "region": asked.region}
        if reached is not None:
            self._where["municipality"] = {"$in": list(reached)}
        self.asked = asked
        self.name = region.name
        self.day = region.last_day(asked)
        self.known_at = asked.now.astimezone(zone(region.clock)).isoformat()
        self.municipalities = reached or {}

    async def cells(self, tables: AbstractSet[Table], *, by_day: bool = False, depth: int | None = None) -> Counts:
        """Returns every cell of some tables until the day asked for, or sums of cells where no days are told apart."""
        until = self.asked.as_of
        part = "n" if until or by_day else "total"
        where = self._where | {"table": {"$in": list(tables)}}
        wanted = {part: 1, "table": 1, "place": 1}
        packed_in = RESERVATIONS if tables <= {quotas.RESERVATIONS} else CELLS
        found = await self._mongo[packed_in].find(where, wanted, batch_size=AT_ONCE, session=self._tx).to_list(None)
        no_day = [""] if part == "total" else []
        counts = (
            Count(packed["table"], packed["place"], [*path, *no_day], n)
            for packed in found
            for path, n in leaves(packed.get(part, {}), depth if part == "total" else None)
            if until is None or path[-1] <= until
        )
        return Counts(counts, len(found))

    async def places(self, table: Table) -> AsyncIterator[OfPlace]:
        """Yields every cell of a table until the day asked for, place by place in order; of all one is in memory.

        The documents wait in a file until they are decoded: MongoDB keeps no snapshot for a slow reader.
        """
        until = self.asked.as_of
        wanted = {"n": 1, "municipality": 1, "place": 1}
        undecoded = self._mongo[CELLS].with_options(CodecOptions(RawBSONDocument))
        found = undecoded.find(self._where | {"table": table}, wanted, batch_size=AT_ONCE, session=self._tx)
        with TemporaryFile() as waiting:
            async for document in found.sort([("place", 1), ("municipality", 1)]).allow_disk_use(True):
                waiting.write(document.raw)
            waiting.seek(0)
            for (place, municipality), packed in groupby(
                decode_file_iter(waiting), itemgetter("place", "municipality")
            ):
                counts = [(path, n) for one in packed for path, n in leaves(one["n"])]
                yield OfPlace(municipality, place, [one for one in counts if until is None or one[0][-1] <= until])

    async def links(self) -> AsyncIterator[set[Link]]:
        """Yields the links, inside the scope's municipalities, of each guardian who has one there."""
        inside = {"season": self.asked.season, "links.municipality": {"$in": list(self.municipalities)}}
        async for guardian in self._mongo[GUARDIANS].find(inside, session=self._tx):
            yield {link for link in links_of(guardian) if link.place.municipality in self.municipalities}

    async def organisations(self, codes: Iterable[str]) -> Mapping[str, Document]:
        """Returns the organisations that are known among the codes, by code."""
        wanted = {"_id": {"$in": list(codes)}}
        found = await self._mongo[ORGANISATIONS].find(wanted, session=self._tx).to_list(None)
        return {document["code"]: document for document in found}

    async def towns(self) -> Mapping[str, str]:
        """Returns the region's municipalities in the register, code → name."""
        own = {"region": self.asked.region, "kind": "municipality"}
        found = await self._mongo[ORGANISATIONS].find(own, session=self._tx).to_list(None)
        return {document["code"]: document["name"] for document in found}

    async def competencies(self) -> Mapping[str, str]:
        """Returns the nation's approved competencies, code → name."""
        found = await self._mongo[COMPETENCIES].find({}, session=self._tx).to_list(None)
        return {document["code"]: document["name"] for document in found}

    async def revision(self) -> int | None:
        """Returns the revision that a closed season stands at, 0 for the closing; None while it is open."""
        season = await self._mongo[SEASONS].find_one({"_id": self.asked.season}, {"revision": 1}, session=self._tx)
        return season.get("revision") if season else None

    async def given(self) -> Sequence[Given]:
        """Returns the entries of the ledger of quotas, until the day asked for, with a holder in the scope."""
        where: Document = {"season": self.asked.season, "region": self.asked.region}
        if self.asked.as_of is not None:
            where["day"] = {"$lte": self.asked.as_of}
        if self.municipalities:
            reached = {"$in": list(self.municipalities)}
            where["$or"] = [{"organisation": reached}, {"giver": reached}]
        found = await self._mongo[GIVEN].find(where, batch_size=AT_ONCE, session=self._tx).to_list(None)
        return [Given(row["giver"], row["organisation"], row["venue"], row["amount"]) for row in found]

    async def rules(self) -> Mapping[str, Any]:
        """Returns the season's definition, as its event has it; one of an earlier release says less."""
        return await self._mongo[SEASONS].find_one({"_id": self.asked.season}, session=self._tx) or {}

    async def position(self) -> Mapping[str, int]:
        """Returns the log as far as it was counted: `topic:partition` → offset of the next event."""
        return await position(self._mongo, self._offsets, self._tx)


class Reads:
    """Unscoped; only `within` lets one read."""

    def __init__(self, mongo: Mongo, offsets: Sequence[StoredOffsets]) -> None:
        self._mongo = mongo
        self._offsets = offsets

    def within(self, who: Principal) -> "ScopedReads":
        """Returns the figures as far as the caller's scope reaches: whole regions, or some municipalities of one."""
        return ScopedReads(self._mongo, self._offsets, who.scope)


class ScopedReads:
    """The readings of regions inside one scope."""

    def __init__(self, mongo: Mongo, offsets: Sequence[StoredOffsets], scope: Scope) -> None:
        self._mongo = mongo
        self._offsets = offsets
        self._scope = scope

    @asynccontextmanager
    async def region(self, asked: Asked) -> AsyncIterator[RegionReading]:
        """Opens a reading of a region; raises NotFound where it or the season is not known, Forbidden out of scope."""
        async with self._mongo.snapshot() as tx:
            region = await self._known(asked, tx)
            reached = await self._reached(asked, tx)
            yield RegionReading(self._mongo, self._offsets, tx, asked, region, reached)

    async def regions(self, season: str, as_of: Day | None, now: datetime) -> AsyncIterator[RegionReading]:
        """Yields a reading of every region in scope, by code."""
        async with self._mongo.snapshot() as tx:
            codes = await self._codes(tx)
        for code in codes:
            async with self.region(Asked(code, season, as_of, now)) as reading:
                yield reading

    async def standing(self, asked: Asked) -> Standing:
        """Returns the state that the answer of a region stands for; raises where that would be an error."""
        async with self.region(asked) as reading:
            return Standing(await reading.position(), (reading.day,))

    async def standing_of_all(self, season: str, as_of: Day | None, now: datetime) -> Standing:
        """Returns the same for the answer of every region in scope."""
        async with self._mongo.snapshot() as tx:
            asked = [Asked(code, season, as_of, now) for code in await self._codes(tx)]
            days = {(await self._known(of_region, tx)).last_day(of_region) for of_region in asked}
            return Standing(await position(self._mongo, self._offsets, tx), tuple(sorted(days)))

    async def _codes(self, tx: Transaction) -> list[str]:
        """Returns the codes of the regions in scope, in order."""
        regions = self._mongo[ORGANISATIONS].find({"kind": "region"}, {"code": 1}, session=tx)
        return sorted([row["code"] async for row in regions if self._scope.covers(row["code"])])

    async def _known(self, asked: Asked, tx: Transaction) -> "Region":
        """Returns the region as the register has it."""
        region = await self._mongo[ORGANISATIONS].find_one({"_id": asked.region, "kind": "region"}, session=tx)
        if region is None:
            detail = f"region {asked.region} is not in the register"
            raise NotFound(detail, slug="region-unknown", errors=[FieldError("code", detail)])
        if await self._mongo[SEASONS].find_one({"_id": asked.season}, session=tx) is None:
            detail = f"season {asked.season} is not in the catalogue"
            raise NotFound(detail, slug="season-unknown", errors=[FieldError("season", detail)])
        own: Document = {"region": asked.region, "kind": "municipality", "clocks": {"$type": "array"}}
        towns = await self._mongo[ORGANISATIONS].find(own, session=tx).to_list(None)
        return Region.of(region, Clocks.of_rows([region, *towns]))

    async def _reached(self, asked: Asked, tx: Transaction) -> Mapping[str, str] | None:
        """Returns the only municipalities that the scope reaches, None for the whole region.

        Outside the region it is an error, not an empty answer.
        """
        if self._scope.covers(asked.region):
            return None
        # By role, since a region may define a municipality under the code of another region.
        orgs = [g.org for g in self._scope.grants if g.role == "municipal-operator"]
        own = {"_id": {"$in": orgs}, "kind": "municipality", "region": asked.region}
        found = await self._mongo[ORGANISATIONS].find(own, session=tx).sort("_id", 1).to_list(None)
        if not found:
            self._scope.must_cover(asked.region)
        return {str(row["_id"]): str(row.get("name", row["_id"])) for row in found}


class Region(NamedTuple):
    """A region of the register with its clocks."""

    name: str
    clock: str
    """The region's own."""
    clocks: frozenset[str]
    """This one, and those of municipalities that have another."""

    @classmethod
    def of(cls, row: Document, clocks: Clocks) -> "Region":
        """Returns the region of a row."""
        return cls(row["name"], clocks.own[row["_id"]], frozenset(clocks.own.values()))

    def last_day(self, asked: Asked) -> Day:
        """Returns the last local day that figures include: today, where it begins first in the region."""
        today = max(asked.now.astimezone(zone(clock)).date().isoformat() for clock in self.clocks)
        return min(asked.as_of or today, today)
