"""Reads of the ledger: who holds what in a caller's scope, and the entries of one holder."""

from datetime import datetime

from services.trials.answers.quotas import EntryPage, EntryView, HolderPage, NamedHolder
from services.trials.answers.shown import mentioned, shown
from services.trials.domain.calendar.seasons import Season
from services.trials.domain.money.quotas import Balance, QuotaEntry
from services.trials.reads.names import names
from services.trials.repository import Repository
from shared.base.errors import BadInput, Forbidden, NotFound
from shared.http.paging import Listing, Paging
from shared.identity.grants import NATION
from shared.identity.principal import Principal
from shared.programme.organisations import Organisation
from shared.storage.mongo import Document, Mongo

HOLDERS = Listing("quotas", {"_id": str})
ENTRIES = Listing("quota-entries", {"at": datetime, "_id": str}, falls=True)


class QuotaReads:
    """The lists of a season's ledger."""

    def __init__(self, mongo: Mongo, repository: Repository) -> None:
        self._mongo = mongo
        self._repository = repository

    async def holders(
        self, who: Principal, season: str, organisation: str | None, venue: str | None, paging: Paging
    ) -> HolderPage:
        """Returns a page of the holders in an organisation, or of a venue's; raises Forbidden outside the scope.

        A venue sees what schools hold for it, whoever speaks for a place what is held there.
        """
        rules = await self._season(season)
        query: Document = {"season": season}
        if organisation is not None:
            query |= await self._inside(who, organisation)
        if venue is not None:
            query["venue"] = venue
        if organisation is None:
            await self._must_see(who, venue)
        asked = {"season": season, "organisation": organisation, "venue": venue}
        rows, onward = await HOLDERS.page(self._mongo["quotas"], query, paging, asked)
        balances = [Balance.model_validate(row) for row in rows]
        called = await names(self._mongo, mentioned([(NamedHolder, balances)]))
        unit = rules.quota_unit
        return HolderPage(items=[shown(NamedHolder, one, called, unit=unit) for one in balances], next=onward)

    async def entries(
        self, who: Principal, season: str, organisation: str, venue: str | None, paging: Paging
    ) -> EntryPage:
        """Returns a page of the entries by which a holder came to what it has; raises Forbidden outside the scope."""
        await self._season(season)
        if organisation == NATION:
            _must_be_national(who)
        else:
            who.scope.must_cover(*(await self._known(organisation)).place)
        asked = {"season": season, "organisation": organisation, "venue": venue}
        query: Document = {"season": season, "$or": [{"organisation": organisation}, {"giver": organisation}]}
        if venue is not None:
            query["venue"] = venue
        rows, onward = await ENTRIES.page(self._mongo["quota_entries"], query, paging, asked)
        found = (QuotaEntry.model_validate(row | {"id": row["_id"]}) for row in rows)
        return EntryPage(items=[shown(EntryView, one, entry=one.id) for one in found], next=onward)

    async def _season(self, code: str) -> Season:
        season = (await self._repository.seasons.load([code])).get(code)
        if season is None:
            raise NotFound.about("season", "no such season")
        return season

    async def _known(self, code: str) -> Organisation:
        found = (await self._repository.copies.organisations([code])).get(code)
        if found is None:
            raise NotFound.about("organisation", "no such organisation")
        return found

    async def _inside(self, who: Principal, code: str) -> Document:
        """Returns the condition of what an organisation holds, with all that lies in it by the register of today."""
        if code == NATION:
            _must_be_national(who)
            return {}
        organisation = await self._known(code)
        who.scope.must_cover(*organisation.place)
        if organisation.kind not in ("region", "municipality"):
            return {"organisation": code}
        rows = self._mongo["organisations"].find({organisation.kind: code}, {"_id": 1})
        return {"organisation": {"$in": [code, *[row["_id"] async for row in rows]]}}

    async def _must_see(self, who: Principal, venue: str | None) -> None:
        """Raises for whoever names no organisation, unless the venue is in the scope or the nation is."""
        if who.has("national-operator"):
            return
        if venue is None:
            raise BadInput.field("organisation", "is needed, or the venue: only the nation's operator sees all holders")
        known = (await self._repository.venues.load([venue])).get(venue)
        if known is None:
            raise NotFound.about("venue", "no such venue")
        who.scope.must_cover(known.region, known.municipality, hosts=known.hosts)


def _must_be_national(who: Principal) -> None:
    if not who.has("national-operator"):
        raise Forbidden("the nation's units are its operator's to see")
