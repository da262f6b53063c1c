"""Reads of staff: who acted for an organisation, and who was put out of it, for those who reach all of it."""

from collections import defaultdict
from collections.abc import Collection

from services.registration.answers.staff import ExclusionPage, ExclusionView, StaffPage, StaffView
from services.registration.collections import EXCLUDED, STAFF
from services.registration.domain.organisations import Organisation
from services.registration.domain.staff import Exclusion, Presence
from services.registration.reads.organisations import OrganisationReads
from shared.http.paging import Listing, Paging
from shared.identity.acting import about_nameless
from shared.identity.principal import Principal
from shared.storage.mongo import WHOLE, Document, Mongo

OF_AN_ORGANISATION = Listing("staff", {"_id": str})
PUT_OUT = Listing("staff exclusions", {"_id": str})


class StaffReads:
    """The staff of organisations of which a principal's grants cover everything."""

    def __init__(self, mongo: Mongo, who: Principal) -> None:
        self._mongo = mongo
        self._who = who
        self._organisations = OrganisationReads(mongo)

    async def page(self, code: str, paging: Paging) -> StaffPage:
        """The accounts that acted for an organisation.

        Raises NotFound where it is not there, Forbidden for who does not reach all of it.
        """
        organisation = await self._reached(code)
        rows, onward = await OF_AN_ORGANISATION.page(
            self._mongo[STAFF], {"organisation": code}, paging, {"organisation": code}
        )
        seen = [Presence.model_validate(row) for row in rows]
        put_out = await self._put_out(organisation, {one.account for one in seen})
        items = [StaffView.of(one, one.account == self._who.account, put_out[one.account]) for one in seen]
        return StaffPage(items=items, next=onward)

    async def exclusions(self, code: str, paging: Paging) -> ExclusionPage:
        """The accounts that are put out of an organisation; raises as `page` does."""
        organisation = await self._reached(code)
        query: Document = {"organisation": code, "in_force": True}
        rows, onward = await PUT_OUT.page(self._mongo[EXCLUDED], query, paging, {"organisation": code})
        items = [ExclusionView.of(Exclusion.of(row), organisation.utc_offset) for row in rows]
        return ExclusionPage(items=items, next=onward)

    async def exclusion(self, exclusion: Exclusion) -> ExclusionView:
        """An exclusion as a use case left it."""
        organisation = await self._organisations.known(exclusion.organisation, "org")
        return ExclusionView.of(exclusion, organisation.utc_offset)

    async def _reached(self, code: str) -> Organisation:
        organisation = await self._organisations.known(code, "org")
        self._who.scope.must_cover_whole(*organisation.place)
        about_nameless()
        return organisation

    async def _put_out(
        self, organisation: Organisation, accounts: Collection[str]
    ) -> defaultdict[str, list[ExclusionView]]:
        """The exclusions of accounts from an organisation, or from one above it."""
        places = {organisation.id, organisation.municipality, organisation.region} - {None}
        query: Document = {"account": {"$in": list(accounts)}, "organisation": {"$in": list(places)}, "in_force": True}
        found: defaultdict[str, list[ExclusionView]] = defaultdict(list)
        for row in await self._mongo[EXCLUDED].find(query, batch_size=WHOLE).to_list(None):
            found[row["account"]].append(ExclusionView.of(Exclusion.of(row), organisation.utc_offset))
        return found
