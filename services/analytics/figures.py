"""The read side: figures of a region summed from the packed cells, all from one snapshot with its log position."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import NamedTuple

from services.analytics.documents import CELLS, GUARDIANS, leaves, links_of
from services.analytics.domain import Day, Table
from services.analytics.guardians import MUNICIPALITY, REGION, guardian_cells
from services.analytics.tables import (
    Count,
    Dimension,
    Row,
    by_stage,
    distinct_guardians,
    guardian_rows,
    local_day,
    ranked,
    summed,
    table,
    with_name,
)
from shared.base.errors import FieldError, NotFound
from shared.base.side_thread import aside
from shared.identity.grants import Scope
from shared.messaging.offsets import StoredOffsets, position
from shared.programme.moments import zone
from shared.programme.stages import Stage
from shared.storage.mongo import Document, Mongo, Transaction

AT_ONCE = 1_000
"""Documents that are decoded together, which nothing can interrupt."""
FUNNEL_METHOD = "funnel/1"
RANKING_METHOD = "ranking/1"


@dataclass(frozen=True, slots=True)
class Asked:
    """What figures are asked for: a season of a region, what had happened by the end of a local day."""

    region: str
    season: str
    as_of: Day | None
    """None for everything until now."""
    now: datetime


class Standing(NamedTuple):
    """What an answer stands for: while both are the same, so are its figures."""

    position: Mapping[str, int]
    """How far the views have come: `topic:partition` → next offset."""
    days: tuple[Day, ...]
    """The last local days that it includes."""


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells of some documents, to be counted beside the loop: a large region has tens of thousands of these."""

    counts: Iterator[Count]
    documents: int


@dataclass(frozen=True, slots=True)
class Reach:
    """What of a region a scope reaches."""

    where: Document
    """The filter of cells."""
    municipalities: Mapping[str, str] = field(default_factory=dict)
    """Code → name; empty for the whole region."""

    @property
    def whole(self) -> Table:
        """The guardians' table whose cells are all of the reach, where it is one place."""
        return MUNICIPALITY if len(self.municipalities) == 1 else REGION


class Figures:
    """Unscoped figures; only `within` lets one read."""

    def __init__(self, mongo: Mongo, offsets: Sequence[StoredOffsets]) -> None:
        self._mongo = mongo
        self._offsets = offsets

    def within(self, scope: Scope) -> "ScopedFigures":
        """The figures as far as a scope reaches: a whole region, or some of its municipalities."""
        return ScopedFigures(self._mongo, self._offsets, scope)


class ScopedFigures:
    """Figures inside one scope. Every answer names the log position that it stands for."""

    def __init__(self, mongo: Mongo, offsets: Sequence[StoredOffsets], scope: Scope) -> None:
        self._mongo = mongo
        self._offsets = offsets
        self._scope = scope

    async def standing(self, asked: Asked) -> Standing:
        """What the answer stands for; an error where the answer would be one."""
        async with self._mongo.snapshot() as tx:
            _, day = await self._region(asked, tx)
            await self._reach(asked, tx)
            return Standing(await position(self._mongo, self._offsets, tx), (day,))

    async def standing_of_all(self, season: str, as_of: Day | None, now: datetime) -> Standing:
        """The same of every region in scope."""
        async with self._mongo.snapshot() as tx:
            days = {(await self._region(Asked(code, season, as_of, now), tx))[1] for code in await self._codes(tx)}
            return Standing(await position(self._mongo, self._offsets, tx), tuple(sorted(days)))

    async def regions(self, season: str, as_of: Day | None, now: datetime) -> list[Row]:
        """The funnel's totals of every region in scope, by code."""
        async with self._mongo.snapshot() as tx:
            codes = await self._codes(tx)
        return [await self.funnel(Asked(code, season, as_of, now), None) for code in codes]

    async def _codes(self, tx: Transaction) -> list[str]:
        """The regions in scope."""
        regions = self._mongo["organisations"].find({"kind": "region"}, {"code": 1}, session=tx)
        return sorted([row["code"] async for row in regions if self._scope.covers(row["code"])])

    async def funnel(self, asked: Asked, by: Dimension | None) -> Row:
        """Distinct pupils at each stage, in all and by one dimension; guardians are distinct in every row."""
        async with self._mongo.snapshot() as tx:
            region, day = await self._region(asked, tx)
            reach = await self._reach(asked, tx)
            counts = await self._stages(asked, reach, by, tx)
            guardians = await self._guardians(asked, reach, by, tx)
            rows = await self._named(by, await _table(counts, guardians), tx) if by else []
            log_position = await position(self._mongo, self._offsets, tx)
        return {
            "season": asked.season,
            "region": asked.region,
            "name": region["name"],
            "municipalities": [{"municipality": code, "name": name} for code, name in reach.municipalities.items()],
            "as_of": day,
            "known_at": asked.now.astimezone(zone(region["utc_offset"])).isoformat(),
            "position": log_position,
            "method": FUNNEL_METHOD,
            **summed(counts),
            "guardians": guardians[()],
            "rows": rows,
        }

    async def ranking(self, asked: Asked, min_n: int) -> Row:
        """Municipalities by completed / tested, those with at least `min_n` tested; equal shares share a rank."""
        async with self._mongo.snapshot() as tx:
            _, day = await self._region(asked, tx)
            counts = await self._stages(asked, await self._reach(asked, tx), "municipality", tx)
            rows = await self._named("municipality", await _table(counts, Counter()), tx)
            log_position = await position(self._mongo, self._offsets, tx)
        return {
            "season": asked.season,
            "region": asked.region,
            "as_of": day,
            "position": log_position,
            "method": RANKING_METHOD,
            "min_n": min_n,
            "rows": ranked([row for row in rows if row["tested"] >= max(1, min_n)]),
        }

    async def competencies(self, asked: Asked, top: int | None) -> Row:
        """Demand by competency: attendances and bookings of trials, the most attended first."""
        async with self._mongo.snapshot() as tx:
            _, day = await self._region(asked, tx)
            demand = await self._demand(asked, await self._reach(asked, tx), tx)
            found = await self._mongo["competencies"].find({}, session=tx).to_list(None)
            log_position = await position(self._mongo, self._offsets, tx)
        names = {row["code"]: row["name"] for row in found}
        rows = [
            {"competency": code, "name": names.get(code, code), "attended": n["attended"], "booked": n["booked"]}
            for code, n in demand.items()
        ]
        rows.sort(key=lambda row: (-row["attended"], -row["booked"], row["competency"]))
        return {
            "season": asked.season,
            "region": asked.region,
            "as_of": day,
            "position": log_position,
            "approved": len(names),
            "total": len(rows),
            "rows": rows[:top],
        }

    async def _region(self, asked: Asked, tx: Transaction) -> tuple[Document, Day]:
        """The region, and the last local day that the figures include."""
        region = await self._mongo["organisations"].find_one({"_id": asked.region, "kind": "region"}, session=tx)
        if region is None:
            detail = f"region {asked.region} is not in the register"
            raise NotFound(detail, slug="region-unknown", errors=[FieldError("code", detail)])
        if await self._mongo["seasons"].find_one({"_id": asked.season}, session=tx) is None:
            detail = f"season {asked.season} is not in the catalogue"
            raise NotFound(detail, slug="season-unknown", errors=[FieldError("season", detail)])
        today = local_day(asked.now, region["utc_offset"])
        return region, min(asked.as_of or today, today)

    async def _reach(self, asked: Asked, tx: Transaction) -> Reach:
        """What the scope reaches; outside the region it is an error, not an empty answer."""
        where: Document = {"season": asked.season, "region": asked.region}
        if self._scope.covers(asked.region):
            return Reach(where)
        # By role, since a region may define a municipality under the code of another region.
        orgs = [g.org for g in self._scope.grants if g.role == "municipal-operator"]
        own = {"_id": {"$in": orgs}, "kind": "municipality", "region": asked.region}
        found = await self._mongo["organisations"].find(own, session=tx).sort("_id", 1).to_list(None)
        reached = {str(row["_id"]): str(row.get("name", row["_id"])) for row in found}
        if not reached:
            self._scope.must_cover(asked.region)
        return Reach(where | {"municipality": {"$in": list(reached)}}, reached)

    async def _stages(
        self, asked: Asked, reach: Reach, by: Dimension | None, tx: Transaction
    ) -> Mapping[tuple[str, ...], Counter[Stage]]:
        """Pupils at each stage, by the dimension's key."""
        name: Table = "classes" if by in ("school", "class") else "funnel"
        depth = 1 if by in (None, "municipality", "school") else None  # of these only stage and place are told apart
        cells = await self._cells([name], asked.as_of, reach, by == "day", tx, depth)
        return await aside(partial(by_stage, cells.counts, by), cells.documents)

    async def _cells(
        self,
        tables: Collection[Table],
        until: Day | None,
        reach: Reach,
        by_day: bool,
        tx: Transaction,
        depth: int | None = None,
    ) -> Cells:
        """Every cell of some tables.

        Without a last day, and unless days are asked for, the sums over all days are read, which are a tenth as many,
        and of these, with a depth, the sums over all that is deeper in their paths.
        """
        part = "n" if until or by_day else "total"
        where = reach.where | {"table": {"$in": list(tables)}}
        wanted = {part: 1, "table": 1, "place": 1}
        found = await self._mongo[CELLS].find(where, wanted, batch_size=AT_ONCE, session=tx).to_list(None)
        no_day = [""] if part == "total" else []
        counts = (
            Count(packed["table"], packed["place"], [*path, *no_day], n)
            for packed in found
            for path, n in leaves(packed.get(part, {}), depth if part == "total" else None)
            if until is None or path[-1] <= until
        )
        return Cells(counts, len(found))

    async def _guardians(
        self, asked: Asked, reach: Reach, by: Dimension | None, tx: Transaction
    ) -> Counter[tuple[str, ...]]:
        """Distinct guardians, by the dimension's key and in all."""
        if len(reach.municipalities) > 1:
            read = [cell async for cell in self._cells_of_guardians(asked, reach, tx)]
            cells = Cells(iter(read), len(read))
        else:
            tables = {reach.whole, guardian_rows(by, reach.whole)[0]}
            cells = await self._cells(tables, asked.as_of, reach, by == "day", tx)
        return await aside(partial(distinct_guardians, cells.counts, by, reach.whole), cells.documents)

    async def _cells_of_guardians(self, asked: Asked, reach: Reach, tx: Transaction) -> AsyncIterator[Count]:
        """Every cell of the guardians who reach into several municipalities' scope, as if these were a region.

        Only here guardians are read one by one: no sum over municipalities says how many of them are the same.
        """
        inside = {"season": asked.season, "links.municipality": {"$in": list(reach.municipalities)}}
        async for guardian in self._mongo[GUARDIANS].find(inside, session=tx):
            links = (link for link in links_of(guardian) if link.place.municipality in reach.municipalities)
            for cell, n in guardian_cells(links).items():
                if asked.as_of is None or cell.path[-1] <= asked.as_of:
                    yield Count(cell.table, cell.place, cell.path, n)

    async def _demand(self, asked: Asked, reach: Reach, tx: Transaction) -> Mapping[str, Counter[str]]:
        cells = await self._cells(["demand"], asked.as_of, reach, False, tx)
        return await aside(partial(_by_competency, cells.counts), cells.documents)

    async def _named(self, by: Dimension, rows: list[Row], tx: Transaction) -> list[Row]:
        """Rows as they are shown: with the names of what they count."""
        if by in ("grade", "day"):
            return [{by: int(row["key"][0]) if by == "grade" else row["key"][0], **row["counts"]} for row in rows]
        codes = [row["key"][0] for row in rows]
        found = await self._mongo["organisations"].find({"_id": {"$in": codes}}, session=tx).to_list(None)
        names = {document["code"]: document for document in found}
        return await aside(lambda: [with_name(by, row, names.get(row["key"][0], {})) for row in rows], len(rows))


async def _table(counts: Mapping[tuple[str, ...], Counter[Stage]], guardians: Counter[tuple[str, ...]]) -> list[Row]:
    return await aside(partial(table, counts, guardians), len(counts) + len(guardians))


def _by_competency(counts: Iterator[Count]) -> Mapping[str, Counter[str]]:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for _, _, (measure, competency, _), n in counts:
        found[competency][measure] += n
    return {code: measured for code, measured in found.items() if any(measured.values())}
