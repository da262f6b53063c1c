"""The projection of the figures: pupils' facts and the packed cells, kept in step in one transaction per poll."""

from collections.abc import Collection, Mapping, Sequence

from pymongo import DeleteOne, InsertOne, ReplaceOne

from services.analytics.collections import CELLS, GUARDIANS, MERGED, SEASONS
from services.analytics.documents import (
    entry_of,
    entry_update,
    guardian_document,
    guardian_id,
    links_of,
)
from services.analytics.enrolments import Terms
from services.analytics.entry_rows import EntryRows, by_participant_of, who_merged
from services.analytics.facts import Pupil
from services.analytics.figures import guardians
from services.analytics.figures.cells import difference
from services.analytics.fold import (
    Change,
    contribution_under,
    contributions_of,
    learn_of_entries,
    learn_of_pupil,
    pupil_of,
    recount,
)
from services.analytics.journal import Journal
from services.analytics.revisions import may_differ
from services.analytics.states import APART
from shared.contracts.event import ParticipantEvent
from shared.contracts.registration import Merging
from shared.messaging.failures import FactOvertaken
from shared.messaging.offsets import StoredOffsets
from shared.messaging.poll import Received
from shared.storage.mongo import Document, Mongo, Transaction

Write = InsertOne[Document] | ReplaceOne[Document] | DeleteOne


class Projection:
    """Applies polls of facts.

    The facts of nearly every pupil are a state in the journal of the partition that tells of it. An entry that says
    something of another one gets a row of its own. Of merged pupils a poll reads and writes the rows of the whole
    group, and of all that its words name: so two workers that have parts of one conflict, and the one that comes second
    reads again.

    Cells are packed by place and by one partition of the poll that causes them, so that workers never contend, and a
    poll writes one document a place; only their sums have meaning.
    """

    def __init__(self, mongo: Mongo, group: str) -> None:
        """`group` is that of the facts, whose polls a change of terms has to wait for."""
        self._journal = Journal(mongo)
        self._merged = mongo[MERGED]
        self._rows = EntryRows(self._merged, entry_of, Pupil)
        self._cells = mongo[CELLS]
        self._guardians = mongo[GUARDIANS]
        self._seasons = mongo[SEASONS]
        self._offsets = StoredOffsets(mongo, group)

    async def apply(self, received: Sequence[Received], tx: Transaction) -> None:
        """Applies one poll: the change of every pupil's contribution, written as one bulk per collection."""
        facts = [r for r in received if isinstance(r.event, ParticipantEvent)]
        terms = await self._terms(facts, tx)
        partitions = {r.event.participant: r.partition for r in facts}
        told = by_participant_of(facts)
        opened = await self._journal.open(set(partitions.values()), tx)
        states = {participant: opened[partition].state(participant) for participant, partition in partitions.items()}
        change = Change(min(partitions.values(), default=0))
        changed: dict[int, dict[str, bytes]] = {partition: {} for partition in opened}
        for participant in await self._tell_entries(facts, told, states, terms, change, tx):
            del told[participant]
            if states[participant] != APART:
                changed[partitions[participant]][participant] = APART
        for participant, events in told.items():
            state = learn_of_pupil(participant, states[participant], events, terms, change)
            if state is not None:
                changed[partitions[participant]][participant] = state
        await self._journal.write({partition: new for partition, new in changed.items() if new}, opened, tx)
        await self._relink(change, tx)
        await self._count(change, tx)

    async def refold(self, season: str, old: Terms, new: Terms, partition: int, tx: Transaction) -> None:
        """Counts a season's pupils under other terms or to another limit; part of the transaction that stores these.

        The fence makes every poll of facts that is under way conflict with it: whichever comes second sees the other's
        effects. So the cells are always the sum over all pupils under the terms that are stored.
        """
        await self._offsets.fence(tx)
        change = Change(partition)
        async for states in self._journal.everything(tx):
            for participant, state in states.items():
                pupil = pupil_of(state)
                if season in pupil.seasons and may_differ(pupil, season, old.limit, new.limit):
                    change.add(*(contribution_under(participant, season, pupil, terms) for terms in (old, new)))
        entries = {row["_id"]: entry_of(row) async for row in self._merged.find({}, session=tx)}
        recount(contributions_of(entries, {season: old}), contributions_of(entries, {season: new}), change)
        await self._relink(change, tx)
        await self._count(change, tx)

    async def _tell_entries(
        self,
        facts: Sequence[Received],
        told: Mapping[str, Sequence[Received]],
        states: Mapping[str, bytes | None],
        terms: Mapping[str, Terms],
        change: Change,
        tx: Transaction,
    ) -> Collection[str]:
        """Adds the facts of entries that have rows, or get them by their own word now; returns which of the poll do."""
        apart = {participant for participant, state in states.items() if state == APART}
        words = {r.event.participant for r in facts if isinstance(r.event, Merging)}
        if not apart | words:
            return ()
        known = dict(await self._rows.load(apart, tx))
        known |= {participant: pupil_of(states[participant]) for participant in words - apart}
        entries = await self._rows.joined(apart | who_merged(facts, known), known, tx)
        own = [r for participant in apart | words for r in told[participant]]
        learn_of_entries(entries, own, terms, change)
        writes = [entry_update(participant, pupil) for participant, pupil in entries.items()]
        await self._merged.bulk_write(writes, ordered=False, session=tx)
        return apart | words

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

    async def _relink(self, change: Change, tx: Transaction) -> None:
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

    async def _count(self, change: Change, tx: Transaction) -> None:
        writes = change.writes()
        if writes:
            await self._cells.bulk_write(writes, ordered=False, session=tx)
