"""Reads of entries that may be one pupil: those whom the index of names cannot tell apart."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from services.registration.answers.duplicates import CandidatePage, CandidateView
from services.registration.collections import DISMISSALS, MARKED, NATIONAL
from services.registration.domain.dismissals import Dismissal, undecided
from services.registration.domain.participants import Participant
from services.registration.reads.names import NameReads
from services.registration.reads.organisations import OrganisationReads
from shared.base.errors import Forbidden
from shared.http.paging import Listing, Paging
from shared.identity.acting import about
from shared.identity.principal import Principal
from shared.storage.mongo import Document, Mongo
from shared.storage.outbox import Clock

CANDIDATES, DISMISSED = Listing("candidates", {"_id": str}), Listing("dismissed candidates", {"_id": str})
MOST_GROUPS = 5_000
"""Looked at in one answer: once these are merged or dismissed, others show."""
WITHIN: Document = {"$filter": {"input": "$dismissed", "cond": {"$setIsSubset": ["$$this.participants", "$persons"]}}}
"""The dismissals of pairs within a group."""
NOT_A_MISTAKE: Document = {"archived.reason": {"$ne": "mistake"}}
"""Who was entered by mistake was never there, and is nobody's other entry."""
PAIRS: Document = {"$divide": [{"$multiply": [{"$size": "$persons"}, {"$subtract": [{"$size": "$persons"}, 1]}]}, 2]}


class Candidates(NamedTuple):
    """Entries in the order of their ids, that may be one pupil, or that were dismissed."""

    entries: Sequence[Participant]
    dismissal: Dismissal | None = None

    @property
    def key(self) -> str:
        """Their place in their list."""
        return self.dismissal.id if self.dismissal else self.entries[0].id


class DuplicateReads:
    """The candidates of a region, and across regions for the nation."""

    def __init__(self, mongo: Mongo, names: NameReads, clock: Clock, who: Principal) -> None:
        self._mongo = mongo
        self._clock = clock
        self._names = names
        self._who = who
        self._organisations = OrganisationReads(mongo)

    async def page(self, region: str | None, dismissed: bool, paging: Paging) -> CandidatePage:
        """Entries of a region, or of the nation, with one name and birth date; raises Forbidden out of scope."""
        if region is not None:
            self._who.scope.must_cover(region)
        elif not self._who.has("national-operator"):
            raise Forbidden("across regions the national operator alone sees candidates: name a region")
        found = await self._candidates(region, dismissed)
        listing = DISMISSED if dismissed else CANDIDATES
        page, onward = listing.cut(found, lambda candidates: [candidates.key], paging, {"region": region})
        pupils = [pupil for candidates in page for pupil in candidates.entries]
        about([pupil.id for pupil in pupils])
        names = await self._names.of([pupil.id for pupil in pupils])
        schools = await self._organisations.names({pupil.place.school for pupil in pupils})
        now = self._clock()
        items = [CandidateView.of(one.entries, names, schools, now, one.dismissal) for one in page]
        return CandidatePage(items=items, next=onward)

    async def _candidates(self, region: str | None, dismissed: bool) -> list[Candidates]:
        groups = await self._groups(region, dismissed)
        ids = [id for group in groups for id in group["persons"]]
        query: Document = {"_id": {"$in": ids}, "merged": None, "erased_at": None, **NOT_A_MISTAKE}
        rows = await self._mongo["participants"].find(query).to_list(None)
        known = {row["_id"]: Participant.of(row) for row in rows}
        among = _dismissed if dismissed else _undecided
        return [candidates for group in groups for candidates in among(group, known)]

    async def _groups(self, region: str | None, dismissed: bool) -> list[dict[str, Any]]:
        """The groups of `persons` whose marks are equal, with what was `dismissed` of them.

        One in which nothing is left to be decided, or nothing was dismissed, is no part of the other's list.
        """
        marked: Document = {**NATIONAL} if region is None else {"region": region, **MARKED}
        count: Document = {"$size": "$dismissed"}
        steps: list[Document] = [
            {"$match": marked},
            {"$group": {"_id": "$nation" if region is None else "$child", "persons": {"$push": "$_id"}}},
            {"$match": {"persons.1": {"$exists": True}}},
            {
                "$lookup": {
                    "from": DISMISSALS,
                    "localField": "persons",
                    "foreignField": "participants",
                    "as": "dismissed",
                }
            },
            {"$set": {"dismissed": WITHIN}},
            {"$match": {"$expr": {"$gt": [count, 0]} if dismissed else {"$lt": [count, PAIRS]}}},
            {"$limit": MOST_GROUPS},
        ]
        found: list[dict[str, Any]] = await self._mongo["vault"].aggregate(steps).to_list(None)
        return found


def _undecided(group: dict[str, Any], known: dict[str, Participant]) -> Iterator[Candidates]:
    """Yields those of a group that are neither merged nor erased and may be one pupil.

    What was said of an entry holds for the one into which it was merged.
    """
    there = [known[id] for id in group["persons"] if id in known]
    owner = {id: entry.id for entry in there for id in (entry.id, *entry.duplicates)}
    said = {frozenset(owner.get(id, id) for id in row["participants"]) for row in group["dismissed"]}
    for ids in undecided([entry.id for entry in there], said):
        yield Candidates([known[id] for id in ids])


def _dismissed(group: dict[str, Any], known: dict[str, Participant]) -> Iterator[Candidates]:
    """Yields the pairs of a group that were dismissed, as long as both are there."""
    for row in group["dismissed"]:
        dismissal = Dismissal.of(row)
        entries = [known[id] for id in dismissal.participants if id in known]
        if len(entries) == len(dismissal.participants):
            yield Candidates(entries, dismissal)
