"""The releases of public tables: the last one of each is kept, and the next is made when it is asked for and due."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Self

from pymongo.errors import DuplicateKeyError

from services.analytics.collections import RELEASES
from services.analytics.disclosure.released import Released, release
from services.analytics.disclosure.tables import Names, Table
from services.analytics.facts import Day
from services.analytics.figures.reading import Asked, stands_for
from services.analytics.reads import Reads
from shared.base.side_thread import LIGHT, aside
from shared.identity.grants import NATION, Grant
from shared.identity.principal import Principal
from shared.storage.mongo import Document, Mongo

EVERYWHERE = Principal("", "", (Grant("national-operator", NATION),))
"""Reads a region for everybody; nobody sees it before it is released."""
KEYED = ("position", "names")
"""Stored as pairs, since keys with dots are no names of fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A table of a region's season as everybody may see it, and the place in the log that it was read at."""

    season: str
    region: str
    number: int
    """From 1; a table has one release of a number, whichever process makes it."""
    released_at: datetime
    as_of: Day
    revision: int | None
    position: Mapping[str, int]
    name: str
    """The region's."""
    names: Names
    table: Released

    @classmethod
    def of(cls, table: Table, row: Document) -> Self:
        """Returns the release that is stored."""
        own = {name: row[name] for name in cls.__slots__}
        return cls(
            **own | {name: dict(row[name]) for name in KEYED} | {"table": Released.of_row(table.form, row["table"])}
        )

    def row(self, id: str) -> Document:
        """Returns the release as it is stored."""
        own = {name: getattr(self, name) for name in self.__slots__}
        keyed = {name: [list(pair) for pair in own[name].items()] for name in KEYED}
        return {"_id": id, **own, **keyed, "table": self.table.row()}


class Releases:
    """The last release of each table, by region and season."""

    def __init__(self, mongo: Mongo, reads: Reads, step: timedelta) -> None:
        """`step` is the least time between two releases of a table."""
        self._rows = mongo[RELEASES]
        self._reads = reads
        self._step = step
        self._making = asyncio.Lock()

    async def current(self, table: Table, asked: Asked) -> Release:
        """Returns the release that holds, a new one where it is due; raises NotFound for what is not known."""
        found = await self._last(table, asked)
        if found is not None and not self._due(found, asked.now):
            return found
        async with self._making:  # in other processes one is made at the same time, and the first to be stored holds
            found = await self._last(table, asked)
            if found is not None and not self._due(found, asked.now):
                return found
            made = await self._next(table, asked, found)
            if await self._stored(table, made):
                return made
        return await self.current(table, asked)

    def seconds_left(self, found: Release, now: datetime) -> int:
        """Returns for how long a release holds at least."""
        return max(0, int((found.released_at + self._step - now).total_seconds()))

    def _due(self, found: Release, now: datetime) -> bool:
        return now >= found.released_at + self._step

    async def _last(self, table: Table, asked: Asked) -> Release | None:
        row = await self._rows.find_one({"_id": _id(table, asked.season, asked.region)})
        return None if row is None else Release.of(table, row)

    async def _next(self, table: Table, asked: Asked, before: Release | None) -> Release:
        async with self._reads.within(EVERYWHERE).region(asked) as region:
            counts, names = await table.read(region)
            stands = await stands_for(region)
            name = region.name
        earlier = None if before is None else before.table
        told = await aside(partial(release, counts, table.form, table.least, earlier), LIGHT)
        number = before.number + 1 if before else 1
        if before and told is before.table:  # none may follow yet, so that one holds, with what it stood for
            return replace(before, number=number, released_at=_kept(asked.now))
        return Release(**stands, number=number, released_at=_kept(asked.now), name=name, names=names, table=told)

    async def _stored(self, table: Table, made: Release) -> bool:
        """Tells that it was stored, which it is unless another of its number was."""
        id = _id(table, made.season, made.region)
        if made.number == 1:
            try:
                await self._rows.insert_one(made.row(id))
            except DuplicateKeyError:
                return False
            return True
        done = await self._rows.replace_one({"_id": id, "number": made.number - 1}, made.row(id))
        return done.matched_count == 1


def _kept(now: datetime) -> datetime:
    """Returns a time as MongoDB keeps it, to the millisecond: who made a release tells the same as who reads it."""
    return now.replace(microsecond=now.microsecond // 1_000 * 1_000)


def _id(table: Table, season: str, region: str) -> str:
    return f"{table.name}/{season}/{region}"
