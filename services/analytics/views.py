"""The write side of the figures: pupils' facts and the packed cells, kept in step in one transaction per poll."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import DeleteOne, IndexModel, ReplaceOne, UpdateOne

from services.analytics.domain import (
    Cell,
    Contribution,
    GuardianRow,
    Place,
    Pupil,
    Rules,
    SeasonFacts,
    contribution,
    difference,
    learn,
    rules_of,
)
from shared.contracts.event import ParticipantEvent
from shared.errors import FactOvertaken
from shared.mongo import Document, Mongo, Transaction
from shared.poll import Received
from shared.service import Indexes

INDEXES: Indexes = {
    "pupils": [],
    "cells": [IndexModel([("table", 1), ("season", 1), ("region", 1)])],
    "guardians": [IndexModel([("season", 1), ("region", 1)])],
    "seasons": [],
}


class ViewsWriter:
    """Applies polls of facts. Cells are packed by place and by the partition of the records that cause them, so that
    workers never contend; only their sums have meaning."""

    def __init__(self, mongo: Mongo) -> None:
        self._pupils = mongo["pupils"]
        self._cells = mongo["cells"]
        self._guardians = mongo["guardians"]
        self._seasons = mongo["seasons"]
        self._rules: dict[str, Rules] = {}

    async def apply(self, received: Sequence[Received], tx: Transaction) -> None:
        """One poll: the change of every pupil's contribution, written as one bulk per collection."""
        facts = [r for r in received if isinstance(r.event, ParticipantEvent)]
        await self._require_seasons(facts, tx)
        pupils = await self._load({r.event.participant for r in facts}, tx)
        change = _Change()
        for participant, events in _by_participant(facts).items():
            self._learn(participant, pupils.get(participant) or Pupil(), events, change)
        await self._write(change, tx)

    def _learn(self, participant: str, pupil: Pupil, events: Sequence[Received], change: "_Change") -> None:
        before = self._contributions(participant, pupil)
        if not any([learn(pupil, r.envelope) for r in events]):
            return
        after = self._contributions(participant, pupil)
        change.pupils[participant] = pupil
        for season, new in after.items():
            change.add(before.get(season, Contribution()), new, events[0].partition)

    def _contributions(self, participant: str, pupil: Pupil) -> dict[str, Contribution]:
        return {s: contribution(participant, s, pupil, self._rules[s]) for s in pupil.seasons}

    async def _require_seasons(self, facts: Sequence[Received], tx: Transaction) -> None:
        """Loads the rules of the seasons that the facts name; a fact of an unknown one has overtaken the catalogue.

        The rules of a season cannot change once it has a fact, so what is loaded here stays true.
        """
        named = {getattr(r.event, "season", None) for r in facts} - {None}
        unknown = named - self._rules.keys()
        if unknown:
            async for season in self._seasons.find({"_id": {"$in": list(unknown)}}, session=tx):
                self._rules[season["_id"]] = rules_of(season)
        missing = {
            (r.topic, r.partition, r.offset): f"season {r.event.season} is not in the catalogue"
            for r in facts
            if getattr(r.event, "season", None) in named - self._rules.keys()
        }
        if missing:
            raise FactOvertaken(missing)

    async def _load(self, participants: set[str], tx: Transaction) -> dict[str, Pupil]:
        documents = await self._pupils.find({"_id": {"$in": list(participants)}}, session=tx).to_list(None)
        pupils = {document["_id"]: _pupil(document) for document in documents}
        needed = {season for pupil in pupils.values() for season in pupil.seasons} - self._rules.keys()
        async for season in self._seasons.find({"_id": {"$in": list(needed)}}, session=tx):
            self._rules[season["_id"]] = rules_of(season)
        return pupils

    async def _write(self, change: "_Change", tx: Transaction) -> None:
        for collection, writes in (
            (self._pupils, [_replacement(key, pupil) for key, pupil in change.pupils.items()]),
            (self._cells, [_increment(*key, cells) for key, cells in change.cells.items()]),
            (self._guardians, change.guardians),
        ):
            if writes:
                await collection.bulk_write(writes, ordered=False, session=tx)


class _Change:
    """What a poll changes."""

    def __init__(self) -> None:
        self.pupils: dict[str, Pupil] = {}
        self.cells: dict[tuple[str, Cell, int], Counter[tuple[str, ...]]] = defaultdict(Counter)
        """By document (with one of its cells to describe it) and path."""
        self.guardians: list[UpdateOne | DeleteOne] = []
        self._describes: dict[str, Cell] = {}

    def add(self, old: Contribution, new: Contribution, partition: int) -> None:
        """Counts the difference of a pupil's contribution."""
        for cell, n in difference(old, new).items():
            key = f"{cell.table}|{cell.season}|{cell.place}|{partition}"
            described = self._describes.setdefault(key, cell)
            self.cells[key, described, partition][cell.path] += n
        self.guardians += [DeleteOne({"_id": _guardian_id(row)}) for row in old.guardians - new.guardians]
        self.guardians += [_guardian(row) for row in new.guardians - old.guardians]


def _by_participant(facts: Sequence[Received]) -> Mapping[str, list[Received]]:
    found: dict[str, list[Received]] = defaultdict(list)
    for received in facts:
        found[received.event.participant].append(received)
    return found


def _increment(key: str, cell: Cell, partition: int, cells: Counter[tuple[str, ...]]) -> UpdateOne:
    described = {
        "table": cell.table,
        "season": cell.season,
        "region": cell.region,
        "municipality": cell.municipality,
        "place": cell.place,
        "partition": partition,
    }
    increments: Counter[str] = Counter()
    for path, n in cells.items():
        *whole, day = map(field_name, path)
        increments[".".join(("n", *whole, day))] += n
        increments[".".join(("total", *whole))] += n
    update: dict[str, Any] = {"$setOnInsert": described}
    if any(increments.values()):
        update["$inc"] = {field: n for field, n in increments.items() if n}
    return UpdateOne({"_id": key}, update, upsert=True)


def field_name(text: str) -> str:
    """A name that MongoDB takes as one field: the dot and the dollar are percent-encoded."""
    return text.replace("%", "%25").replace(".", "%2E").replace("$", "%24")


def _guardian_id(row: GuardianRow) -> str:
    return f"{row.season}/{row.participant}/{row.guardian}"


def _guardian(row: GuardianRow) -> UpdateOne:
    place = row.place
    document = {
        "season": row.season,
        "guardian": row.guardian,
        "region": place.region,
        "municipality": place.municipality,
        "school": place.school,
        "school_class": place.school_class,
        "grade": place.grade,
        "day": row.day,
    }
    return UpdateOne({"_id": _guardian_id(row)}, {"$set": document}, upsert=True)


def _replacement(participant: str, pupil: Pupil) -> ReplaceOne[Document]:
    seasons = [
        {
            "code": season,
            "place": [f.place.region, f.place.municipality, f.place.school, f.place.school_class, f.place.grade]
            if f.place
            else None,
            "registered": f.registered,
            "diagnostics": [[key, *fact] for key, fact in f.diagnostics.items()],
            "booked": [[key, *fact] for key, fact in f.booked.items()],
            "cancelled": list(f.cancelled),
            "attended": [[key, *fact] for key, fact in f.attended.items()],
            "revoked": list(f.revoked),
            "recommended": [list(fact) for fact in f.recommended.items()],
            "withdrawn": list(f.withdrawn),
        }
        for season, f in pupil.seasons.items()
    ]
    document = {"_id": participant, "seasons": seasons, "guardians": [list(g) for g in pupil.guardians.items()]}
    return ReplaceOne({"_id": participant}, document, upsert=True)


def _pupil(document: Document) -> Pupil:
    seasons = {
        stored["code"]: SeasonFacts(
            place=Place(*stored["place"]) if stored["place"] else None,
            registered=stored["registered"],
            diagnostics={key: (code, day) for key, code, day in stored["diagnostics"]},
            booked={key: (competency, kind, day) for key, competency, kind, day in stored["booked"]},
            cancelled=set(stored["cancelled"]),
            attended={key: (competency, kind, day) for key, competency, kind, day in stored["attended"]},
            revoked=set(stored["revoked"]),
            recommended=dict(stored["recommended"]),
            withdrawn=set(stored["withdrawn"]),
        )
        for stored in document["seasons"]
    }
    return Pupil(seasons, dict(document["guardians"]))
