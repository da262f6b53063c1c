"""Reads of entries that may be one pupil: those whom the index of names cannot tell apart."""

from collections.abc import Sequence

from services.registration.answers.duplicates import CandidatePage, CandidateView
from services.registration.collections import MARKED, NATIONAL
from services.registration.domain.participants import Participant
from services.registration.person_keys import PersonKeys
from services.registration.reads.organisations import OrganisationReads
from services.registration.reads.participants import shown
from services.registration.vault import Vault
from shared.base.errors import Forbidden
from shared.http.paging import Listing, Paging
from shared.identity.acting import about
from shared.identity.principal import Principal
from shared.storage.mongo import Document, Mongo, by_ids

CANDIDATES = Listing("candidates", {"_id": str})
MOST_GROUPS = 5_000
"""Looked at in one answer: once these are merged, others show."""


class DuplicateReads:
    """The candidates of a region, and across regions for the nation."""

    def __init__(self, mongo: Mongo, vault: Vault, who: Principal) -> None:
        self._mongo = mongo
        self._vault = vault
        self._who = who
        self._organisations = OrganisationReads(mongo)

    async def page(self, region: str | None, paging: Paging) -> CandidatePage:
        """Entries of a region, or of the nation, with one name and birth date; raises Forbidden out of scope."""
        if region is not None:
            self._who.scope.must_cover(region)
        elif not self._who.has("national-operator"):
            raise Forbidden("across regions the national operator alone sees candidates: name a region")
        groups = await self._groups(region)
        page, onward = CANDIDATES.cut(groups, lambda group: [group[0].id], paging, {"region": region})
        pupils = [pupil for group in page for pupil in group]
        about([pupil.id for pupil in pupils])
        sealed = await PersonKeys(self._mongo).joined(await by_ids(self._mongo["vault"], [p.id for p in pupils]))
        names = {row["_id"]: shown(self._vault.open(row)) for row in sealed}
        schools = await self._organisations.names({pupil.place.school for pupil in pupils})
        return CandidatePage(items=[CandidateView.of(group, names, schools) for group in page], next=onward)

    async def _groups(self, region: str | None) -> Sequence[Sequence[Participant]]:
        """The groups of two entries or more that are neither merged nor erased, each in the order of their ids."""
        marked: Document = {**NATIONAL} if region is None else {"region": region, **MARKED}
        mark = "$nation" if region is None else "$child"
        steps: list[Document] = [
            {"$match": marked},
            {"$group": {"_id": mark, "persons": {"$push": "$_id"}}},
            {"$match": {"persons.1": {"$exists": True}}},
            {"$limit": MOST_GROUPS},
        ]
        found = [row["persons"] for row in await self._mongo["vault"].aggregate(steps).to_list(None)]
        query: Document = {"_id": {"$in": [id for group in found for id in group]}, "merged": None, "erased_at": None}
        rows = await self._mongo["participants"].find(query).to_list(None)
        known = {row["_id"]: Participant.of(row) for row in rows}
        groups = [sorted((known[id] for id in ids if id in known), key=lambda entry: entry.id) for ids in found]
        return [group for group in groups if len(group) > 1]
