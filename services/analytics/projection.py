"""The projection of the figures: pupils' facts and the packed cells, kept in step in one transaction per poll."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pymongo import DeleteOne, InsertOne, ReplaceOne, UpdateOne

from services.analytics.collections import CELLS, GUARDIANS, PUPILS, SEASONS
from services.analytics.documents import (
    Packing,
    entry_update,
    guardian_document,
    guardian_id,
    links_of,
    pupil_document,
    pupil_of,
)
from services.analytics.enrolments import Link, Terms
from services.analytics.entries import counted
from services.analytics.entry_rows import EntryRows, by_participant_of, who_merged
from services.analytics.facts import Pupil, learn
from services.analytics.figures import guardians
from services.analytics.figures.cells import difference
from services.analytics.figures.registry import Contribution, contribution
from services.analytics.revisions import changed, standing
from shared.contracts.event import ParticipantEvent
from shared.messaging.failures import FactOvertaken
from shared.messaging.offsets import StoredOffsets
from shared.messaging.poll import Received
from shared.storage.mongo import Document, Mongo, Transaction

Write = InsertOne[Document] | ReplaceOne[Document] | DeleteOne | UpdateOne


class Projection:
    """Applies polls of facts.

    Of merged pupils a poll reads and writes the rows of the whole group, and of all that its words name: so two workers
    that have parts of one conflict, and the one that comes second reads again.

    Cells are packed by place and by one partition of the poll that causes them, so that workers never contend, and a
    poll writes one document a place; only their sums have meaning.
    """

    def __init__(self, mongo: Mongo, group: str) -> None:
        """`group` is that of the facts, whose polls a change of terms has to wait for."""
        self._pupils = mongo[PUPILS]
        self._rows = EntryRows(self._pupils, pupil_of, Pupil)
        self._cells = mongo[CELLS]
        self._guardians = mongo[GUARDIANS]
        self._seasons = mongo[SEASONS]
        self._offsets = StoredOffsets(mongo, group)

    async def apply(self, received: Sequence[Received], tx: Transaction) -> None:
        """Applies one poll: the change of every pupil's contribution, written as one bulk per collection."""
        facts = [r for r in received if isinstance(r.event, ParticipantEvent)]
        terms = await self._terms(facts, tx)
        by_participant = by_participant_of(facts)
        pupils = await self._rows.load(by_participant.keys(), tx)
        entries = await self._rows.joined(who_merged(facts, pupils), pupils, tx)
        change = _Change(min((r.partition for r in facts), default=0))
        writes: list[Write] = []
        if entries:
            told = [r for participant in entries for r in by_participant.pop(participant, [])]
            _learn_of_entries(entries, told, terms, change)
            writes += [entry_update(participant, pupil) for participant, pupil in entries.items()]
        for participant, events in by_participant.items():
            pupil = pupils.get(participant) or Pupil()
            if _learn(participant, pupil, events, terms, change):
                document = pupil_document(participant, pupil)
                known = participant in pupils
                writes.append(ReplaceOne({"_id": participant}, document) if known else InsertOne(document))
        if writes:
            await self._pupils.bulk_write(writes, ordered=False, session=tx)
        await self._relink(change, tx)
        await self._count(change, tx)

    async def refold(self, season: str, old: Terms, new: Terms, partition: int, tx: Transaction) -> None:
        """Counts a season's pupils under other terms or to another limit; part of the transaction that stores these.

        The fence makes every poll of facts that is under way conflict with it: whichever comes second sees the other's
        effects. So the cells are always the sum over all pupils under the terms that are stored.
        """
        await self._offsets.fence(tx)
        change = _Change(partition)
        merged: dict[str, Pupil] = {}
        concerned = {"seasons.code": season, **changed(season, old.limit, new.limit)}
        async for document in self._pupils.find(concerned, session=tx):
            participant, pupil = document["_id"], pupil_of(document)
            if pupil.merged_with:
                merged[participant] = pupil
            else:
                change.recount(participant, season, pupil, old, new)
        entries = await self._rows.joined(merged, merged, tx)
        before, after = (_contributions_of(entries, {season: terms}) for terms in (old, new))
        for key in before | after:
            if entries[key[0]].merged_with:  # who is but named by others was counted above
                change.add(before.get(key, Contribution()), after.get(key, Contribution()))
        await self._relink(change, tx)
        await self._count(change, tx)

    async def _terms(self, facts: Sequence[Received], tx: Transaction) -> Mapping[str, Terms]:
        """Returns the terms of every season, as this transaction sees them; there are few.

        Raises FactOvertaken for a fact of a season that is not there: it has overtaken the catalogue.
        """
        wanted = dict.fromkeys(("diagnostics", "trials_required", "tested_by", "closes", "closed", "revised"), 1)
        terms = {season["_id"]: Terms.of(season) async for season in self._seasons.find({}, wanted, session=tx)}
        known = {None, *terms}
        missing = {
            (r.topic, r.partition, r.offset): f"season {r.event.season} is not in the catalogue"
            for r in facts
            if getattr(r.event, "season", None) not in known
        }
        if missing:
            raise FactOvertaken(missing)
        return terms

    async def _relink(self, change: "_Change", tx: Transaction) -> None:
        """Folds the guardians whose links change.

        Two workers that meet at one guardian both write the document that they have read, so one of them comes second
        and reads again.
        """
        if not change.links:
            return
        ids = [guardian_id(*key) for key in change.links]
        found = {d["_id"]: links_of(d) async for d in self._guardians.find({"_id": {"$in": ids}}, session=tx)}
        writes: list[Write] = []
        for (season, guardian), moved in change.links.items():
            id = guardian_id(season, guardian)
            before = found.get(id, set())
            after = before - moved.gone | moved.come
            change.count(difference(guardians.cells(before), guardians.cells(after)))
            document = guardian_document(season, guardian, after)
            if not after:
                writes.append(DeleteOne({"_id": id}))
            else:
                writes.append(ReplaceOne({"_id": id}, document) if before else InsertOne(document))
        await self._guardians.bulk_write(writes, ordered=False, session=tx)

    async def _count(self, change: "_Change", tx: Transaction) -> None:
        writes = change.writes()
        if writes:
            await self._cells.bulk_write(writes, ordered=False, session=tx)


@dataclass(slots=True)
class _Moved:
    """The change that a poll makes to one guardian's links."""

    gone: set[Link] = field(default_factory=set)
    come: set[Link] = field(default_factory=set)


class _Change(Packing):
    """The change that a poll makes to the figures."""

    def __init__(self, partition: int) -> None:
        super().__init__(partition)
        self.links: dict[tuple[str, str], _Moved] = {}
        """By season and guardian."""

    def add(self, old: Contribution, new: Contribution) -> None:
        """Counts the difference of a pupil's contribution."""
        self.count(difference(old.cells, new.cells))
        for link in old.links ^ new.links:
            moved = self.links.setdefault((link.season, link.guardian), _Moved())
            (moved.come if link in new.links else moved.gone).add(link)

    def recount(self, participant: str, season: str, pupil: Pupil, old: Terms, new: Terms) -> None:
        """Counts a pupil's season under other terms."""
        self.add(_contribution(participant, season, pupil, old), _contribution(participant, season, pupil, new))


def _learn(
    participant: str, pupil: Pupil, events: Sequence[Received], terms: Mapping[str, Terms], change: _Change
) -> bool:
    """Adds the events to the pupil's facts and the difference to the change; False when figures need none of them."""
    before = _contributions(participant, pupil, terms)
    if not any([learn(pupil, r.envelope) for r in events]):
        return False
    for season, new in _contributions(participant, pupil, terms).items():
        change.add(before.get(season, Contribution()), new)
    return True


def _learn_of_entries(
    entries: Mapping[str, Pupil], told: Iterable[Received], terms: Mapping[str, Terms], change: _Change
) -> None:
    """Adds the events to the facts of entries, and the difference that these make as pupils to the change."""
    before = _contributions_of(entries, terms)
    for received in told:
        learn(entries[received.event.participant], received.envelope)
    after = _contributions_of(entries, terms)
    for key in before | after:
        change.add(before.get(key, Contribution()), after.get(key, Contribution()))


def _contributions_of(entries: Mapping[str, Pupil], terms: Mapping[str, Terms]) -> dict[tuple[str, str], Contribution]:
    """Returns the contributions of the pupils that entries make, by who counts and season.

    Which entries are one pupil may be another matter in a closed season.
    """
    seasons = terms.keys() & {season for pupil in entries.values() for season in pupil.seasons}
    found: dict[tuple[str, str], Contribution] = {}
    for limit in {terms[season].limit for season in seasons}:
        for id, pupil in counted({id: standing(entry, limit) for id, entry in entries.items()}):
            for season in pupil.seasons.keys() & seasons:
                if terms[season].limit == limit:
                    found[id, season] = contribution(id, season, pupil, terms[season])
    return found


def _contributions(participant: str, pupil: Pupil, terms: Mapping[str, Terms]) -> dict[str, Contribution]:
    return {season: _contribution(participant, season, pupil, terms[season]) for season in pupil.seasons}


def _contribution(participant: str, season: str, pupil: Pupil, terms: Terms) -> Contribution:
    return contribution(participant, season, standing(pupil, terms.limit), terms)
