"""The read side: figures of a region summed from the packed cells, all from one snapshot with its log position."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.analytics.domain import Day, Stage, Table
from services.analytics.tables import Dimension, Row, key_of, leaves, local_day, ranked, summed, table, with_name
from shared.auth import Scope
from shared.errors import Forbidden, NotFound
from shared.mongo import Document, Mongo, Transaction
from shared.offsets import StoredOffsets, position

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


class Figures:
    """Unscoped figures; only `within` lets one read."""

    def __init__(self, mongo: Mongo, offsets: StoredOffsets) -> None:
        self._mongo = mongo
        self._offsets = offsets

    def within(self, scope: Scope) -> "ScopedFigures":
        """The figures as far as a scope reaches: a whole region, or some of its municipalities."""
        return ScopedFigures(self._mongo, self._offsets, scope)


class ScopedFigures:
    """Figures inside one scope. Every answer names the log position that it stands for."""

    def __init__(self, mongo: Mongo, offsets: StoredOffsets, scope: Scope) -> None:
        self._mongo = mongo
        self._offsets = offsets
        self._scope = scope

    async def position(self) -> Mapping[str, int]:
        """How far the views have come: `topic:partition` → next offset."""
        async with self._mongo.snapshot() as tx:
            return await position(self._mongo, [self._offsets], tx)

    async def regions(self, season: str, as_of: Day | None, now: datetime) -> list[Row]:
        """The funnel's totals of every region in scope, by code."""
        async with self._mongo.snapshot() as tx:
            regions = await self._mongo["organisations"].find({"kind": "region"}, session=tx).to_list(None)
        codes = sorted(row["code"] for row in regions if self._scope.covers(row["code"]))
        return [await self.funnel(Asked(code, season, as_of, now), None) for code in codes]

    async def funnel(self, asked: Asked, by: Dimension | None) -> Row:
        """Distinct pupils at each stage, in all and by one dimension; guardians are distinct in every row."""
        async with self._mongo.snapshot() as tx:
            region, day = await self._region(asked, tx)
            where = await self._places(asked, tx)
            counts = await self._stages(asked, where, by, tx)
            guardians = await self._guardians(day, where, by, tx)
            total = await self._guardians(day, where, None, tx)
            rows = await self._named(by, table(counts, guardians), tx) if by else []
            log_position = await position(self._mongo, [self._offsets], tx)
        return {
            "season": asked.season,
            "region": asked.region,
            "name": region["name"],
            "as_of": day,
            "position": log_position,
            "method": FUNNEL_METHOD,
            **summed(counts),
            "guardians": total.get((), 0),
            "rows": rows,
        }

    async def ranking(self, asked: Asked, min_n: int) -> Row:
        """Municipalities by completed / tested, those with at least `min_n` tested; equal shares share a rank."""
        async with self._mongo.snapshot() as tx:
            _, day = await self._region(asked, tx)
            counts = await self._stages(asked, await self._places(asked, tx), "municipality", tx)
            rows = await self._named("municipality", table(counts, Counter()), tx)
            log_position = await position(self._mongo, [self._offsets], tx)
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
            demand = await self._demand(asked, await self._places(asked, tx), tx)
            found = await self._mongo["competencies"].find({}, session=tx).to_list(None)
            log_position = await position(self._mongo, [self._offsets], tx)
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
            raise NotFound(f"region {asked.region} is not in the register", slug="region-unknown")
        if await self._mongo["seasons"].find_one({"_id": asked.season}, session=tx) is None:
            raise NotFound(f"season {asked.season} is not in the catalogue", slug="season-unknown")
        return region, asked.as_of or local_day(asked.now, region["utc_offset"])

    async def _places(self, asked: Asked, tx: Transaction) -> Document:
        """The filter of what the scope reaches; outside the region it is an error, not an empty answer."""
        where: Document = {"season": asked.season, "region": asked.region}
        if self._scope.covers(asked.region):
            return where
        own = {"_id": {"$in": [g.org for g in self._scope.grants]}, "kind": "municipality", "region": asked.region}
        reached = await self._mongo["organisations"].find(own, session=tx).to_list(None)
        if not reached:
            raise Forbidden("outside the scope of the token's grants")
        return where | {"municipality": {"$in": [row["_id"] for row in reached]}}

    async def _stages(
        self, asked: Asked, where: Document, by: Dimension | None, tx: Transaction
    ) -> Mapping[tuple[str, ...], Counter[Stage]]:
        """Pupils at each stage, by the dimension's key."""
        name: Table = "classes" if by in ("school", "class") else "funnel"
        found: dict[tuple[str, ...], Counter[Stage]] = defaultdict(Counter)
        async for packed, (stage, *path, day), n in self._cells(name, asked.as_of, where, by == "day", tx):
            found[key_of(by, packed, path, day)][stage] += n  # type: ignore[index]
        return found

    async def _cells(
        self, table_name: Table, until: Day | None, where: Document, by_day: bool, tx: Transaction
    ) -> AsyncIterator[tuple[Document, list[str], int]]:
        """Every cell of a table with its document and its path, which ends in the day.

        Without a last day, and unless days are asked for, the sums over all days are read, which are a tenth as many.
        """
        part = "n" if until or by_day else "total"
        async for packed in self._mongo["cells"].find(where | {"table": table_name}, {part: 1, "place": 1}, session=tx):
            for *path, n in leaves(packed.get(part, {})):
                if part == "total":
                    path.append("")
                if until is None or path[-1] <= until:
                    yield packed, path, n

    async def _guardians(
        self, until: Day, where: Document, by: Dimension | None, tx: Transaction
    ) -> Counter[tuple[str, ...]]:
        """Distinct guardians, by the dimension's key."""
        fields = {"school": ["school"], "class": ["school", "school_class", "grade"]}.get(by or "", [by] if by else [])
        pipeline = [
            {"$match": where | {"day": {"$lte": until}}},
            {"$group": {"_id": {"guardian": "$guardian", **{name: f"${name}" for name in fields}}}},
            {"$group": {"_id": {name: f"$_id.{name}" for name in fields}, "n": {"$sum": 1}}},
        ]
        counts: Counter[tuple[str, ...]] = Counter()
        async for group in self._mongo["guardians"].aggregate(pipeline, session=tx):
            counts[tuple(str(group["_id"][name]) for name in fields)] = group["n"]
        return counts

    async def _demand(self, asked: Asked, where: Document, tx: Transaction) -> Mapping[str, Counter[str]]:
        found: dict[str, Counter[str]] = defaultdict(Counter)
        async for _, (measure, competency, _), n in self._cells("demand", asked.as_of, where, False, tx):
            found[competency][measure] += n
        return {code: counts for code, counts in found.items() if any(counts.values())}

    async def _named(self, by: Dimension, rows: list[Row], tx: Transaction) -> list[Row]:
        """Rows as they are shown: with the names of what they count."""
        if by in ("grade", "day"):
            return [{by: int(row["key"][0]) if by == "grade" else row["key"][0], **row["counts"]} for row in rows]
        codes = [row["key"][0] for row in rows]
        found = await self._mongo["organisations"].find({"_id": {"$in": codes}}, session=tx).to_list(None)
        names = {document["code"]: document for document in found}
        return [with_name(by, row, names.get(row["key"][0], {})) for row in rows]
