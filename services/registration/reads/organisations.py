"""Reads of the register of organisations, open to everyone who has a token."""

from collections.abc import Iterable, Sequence

from services.registration.answers.organisations import NamedOrganisation, OrganisationNames, OrganisationPage
from services.registration.domain.organisations import Organisation, known_organisation, known_school
from shared.http.paging import Filter, Listing, Paging
from shared.storage.mongo import WHOLE, Document, Mongo

ORGANISATIONS = Listing("organisations", {"_id": str})


class OrganisationReads:
    """Pages and single entries of the register; raises NotFound for a single one that is not there."""

    def __init__(self, mongo: Mongo) -> None:
        self._organisations = mongo["organisations"]

    async def page(self, asked: Filter, paging: Paging) -> OrganisationPage:
        """A page by code, all those of a `region`, a `kind` or a `parent`, or that of an `inn`."""
        query: Document = {field: value for field, value in asked.items() if value}
        rows, onward = await ORGANISATIONS.page(self._organisations, query, paging, asked)
        return OrganisationPage(items=await self._named([Organisation.of(row) for row in rows]), next=onward)

    async def one(self, code: str) -> NamedOrganisation:
        """One organisation."""
        (named,) = await self._named([await self.known(code, "code")])
        return named

    async def school(self, code: str) -> Organisation:
        """An organisation that a request names as a school; raises NotFound."""
        row: Document | None = await self._organisations.find_one({"_id": code})
        return known_school(Organisation.of(row) if row else None, code, "code")

    async def place(self, code: str) -> Organisation:
        """A region, a municipality or what lies in one; raises NotFound."""
        return await self.known(code, "organisation")

    async def named(self, organisation: Organisation) -> NamedOrganisation:
        """An organisation as a use case left it."""
        (named,) = await self._named([organisation])
        return named

    async def known(self, code: str, word: str) -> Organisation:
        """The organisation that a request names by a word; raises NotFound."""
        row: Document | None = await self._organisations.find_one({"_id": code})
        return known_organisation(Organisation.of(row) if row else None, code, word)

    async def names(self, codes: Iterable[str | None]) -> OrganisationNames:
        """The names of the organisations among `codes` that are in the register, by code."""
        wanted = list({code for code in codes if code is not None})
        rows = self._organisations.find({"_id": {"$in": wanted}}, {"name": 1}, batch_size=WHOLE)
        return {row["_id"]: row["name"] for row in await rows.to_list(None)} if wanted else {}

    async def _named(self, found: Sequence[Organisation]) -> list[NamedOrganisation]:
        names = await self.names(code for one in found for code in (one.parent, one.region, one.municipality))
        return [NamedOrganisation.named(one, names) for one in found]
