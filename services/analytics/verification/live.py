"""The live figures: every stored cell with the position for which it stands, in one snapshot.

All that a verification knows of how analytics stores its figures is here.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka import TopicPartition

from services.analytics.collections import CELLS, GIVEN, GUARDIANS, RESERVATIONS, SEASONS
from services.analytics.consumers import VIEWS
from services.analytics.documents import leaves
from services.analytics.verification.rows import cell
from shared.base.settings import Settings
from shared.contracts.topics import dead_letters
from shared.messaging import deferred, letters, offsets
from shared.messaging.poll import text_of
from shared.operations.dead_letters import dead_letters as read_letters
from shared.storage import outbox
from shared.storage.mongo import Document, Mongo, Transaction
from shared.storage.outbox import Row

SERVICE = "analytics"
GROUPS = ("analytics.catalogue", VIEWS, "analytics.reservations")
"""The groups whose effects the figures are: that of the catalogue, of seasons' figures, and of reservations."""
A_TIME = 1_000
"""Documents that are decoded together."""


@dataclass(frozen=True, slots=True)
class Reader:
    """One group of those whose effects the figures are."""

    group: str
    next: Mapping[TopicPartition, int]
    """The offset behind the last record that was handled, by partition."""
    left_out: Mapping[str, str]
    """Position → why the record has had no effect: it waits for what it names, or was put aside and not redriven."""


class Live:
    """The figures at one instant."""

    def __init__(self, mongo: Mongo, instant: Transaction, settings: Settings) -> None:
        self._mongo, self._instant, self._settings = mongo, instant, settings

    async def reader(self, group: str) -> Reader:
        """Returns how far a group has come, and what it has passed over."""
        name = self._settings.kafka_topic_prefix + group
        rows = self._mongo[offsets.COLLECTION].find({"group": name, "next": {"$gt": 0}}, session=self._instant)
        reached = {TopicPartition(row["topic"], row["partition"]): int(row["next"]) async for row in rows}
        aside = {letter.position: letter.reason async for letter in read_letters(self._settings, [group])}
        aside |= await self._unpublished(dead_letters(name))
        async for row in self._mongo[deferred.COLLECTION].find({"group": name}, session=self._instant):
            position = text_of((row["topic"], row["partition"], row["offset"]))
            match row["state"], row["kind"]:
                case "applied", _:
                    aside.pop(position, None)
                case "waiting", "overtaken":
                    aside[position] = "it waits for what it names"
                case "waiting", _:
                    aside[position] = "it was redriven, and waits for a worker"
        return Reader(group, reached, aside)

    async def _unpublished(self, topic: str) -> dict[str, str]:
        """Returns the letters that are not in their topic yet, by position, each with its reason."""
        found = {}
        async for document in self._mongo[outbox.COLLECTION].find({}, session=self._instant):
            for row in (row for row in map(Row.of, document["rows"]) if row.topic == topic):
                said = {name: (content or b"").decode() for name, content in row.headers if name.startswith("dlq_")}
                found[said[letters.POSITION]] = said[letters.REASON]
        return found

    async def cells(self) -> AsyncIterator[tuple[str, int]]:
        """Yields every stored count under the name of its cell; one cell may come in several parts."""
        for collection in (CELLS, RESERVATIONS):
            async for packed in self._mongo[collection].find({}, batch_size=A_TIME, session=self._instant):
                for one in _unpacked(packed):
                    yield one
        async for guardian in self._mongo[GUARDIANS].find({}, batch_size=A_TIME, session=self._instant):
            for one in _linked(guardian):
                yield one
        async for season in self._mongo[SEASONS].find({}, session=self._instant):
            yield _rules(season), 1
        async for row in self._mongo[GIVEN].find({}, batch_size=A_TIME, session=self._instant):
            path = row["giver"], row["venue"], row["_id"]
            yield (
                cell(("given", row["season"], row["region"], "", row["organisation"], *path), row["day"]),
                row["amount"],
            )


def _rules(season: Document) -> str:
    """Returns the name of the cell of a season's stored rules; a row of an earlier release says less."""
    of_diagnostics = " ".join(sorted(season["diagnostics"])), str(season.get("tested_by") == "any-round")
    rules = season["closes"], str(season["trials_required"]), *of_diagnostics
    quotas = season.get("quota_unit", "attendance"), str(season.get("quotas_bind", False))
    ended = season.get("closed", ""), season.get("revised", ""), str(season.get("revision", ""))
    return cell(("seasons", season["_id"], "", "", "", *rules, *quotas, *ended), "")


def _unpacked(packed: Document) -> Iterable[tuple[str, int]]:
    """Yields the cells of a document by days, and beside them by how much its sums are not those of its days."""
    row = tuple(packed[name] for name in ("table", "season", "region", "municipality", "place"))
    totals: dict[tuple[str, ...], int] = {tuple(path): n for path, n in leaves(packed.get("total", {}))}
    for (*path, day), n in leaves(packed.get("n", {})):
        yield cell((*row, *path), day), n
        totals[tuple(path)] = totals.get(tuple(path), 0) - n
    yield from ((cell((*row, *path), "sum of days"), n) for path, n in totals.items() if n)


def _linked(guardian: Document) -> Iterable[tuple[str, int]]:
    """Yields the stored links of a guardian: one more on the day that each begins, one less when it ends."""
    for link in guardian["links"]:
        area = guardian["season"], link["region"], link["municipality"], link["school"]
        of = guardian["guardian"], link["participant"], link["day"]
        row = "links", *area, link["school_class"], str(link["grade"]), *of
        begins, ends = link["span"]
        yield cell(row, begins), 1
        if ends is not None:
            yield cell(row, ends), -1


@asynccontextmanager
async def snapshot(settings: Settings) -> AsyncIterator[Live]:
    """Opens the figures as they are at this instant, whatever is handled meanwhile."""
    mongo = Mongo(settings.mongo_url, settings.database(SERVICE))
    try:
        async with mongo.snapshot() as instant:
            yield Live(mongo, instant, settings)
    finally:
        mongo.close()
