"""Reads of what is said of organisations by school year: only within a principal's scope."""

from services.registration.answers.years import SchoolYearPage, SchoolYearView, TargetPage, TargetView
from services.registration.collections import SCHOOL_YEARS, TARGETS
from services.registration.domain.school_years import SchoolYear
from services.registration.domain.targets import Target
from services.registration.reads.organisations import OrganisationReads
from shared.http.paging import Listing, Paging
from shared.identity.principal import Principal
from shared.storage.mongo import Mongo

YEARS = Listing("school-years", {"_id": str})
OF_TARGETS = Listing("targets", {"_id": str})


class YearReads:
    """The years of the organisations that a principal's grants cover."""

    def __init__(self, mongo: Mongo, who: Principal) -> None:
        self._mongo = mongo
        self._organisations = OrganisationReads(mongo)
        self._who = who

    async def school_years(self, code: str, paging: Paging) -> SchoolYearPage:
        """The years of a school; raises NotFound where it is not there, Forbidden out of scope."""
        await self._must_cover(code)
        rows, onward = await YEARS.page(self._mongo[SCHOOL_YEARS], {"organisation": code}, paging, {"school": code})
        return SchoolYearPage(items=[SchoolYearView.of(SchoolYear.of(row)) for row in rows], next=onward)

    async def targets(self, code: str, paging: Paging) -> TargetPage:
        """The targets of a region or a municipality, as `school_years`."""
        await self._must_cover(code)
        rows, onward = await OF_TARGETS.page(self._mongo[TARGETS], {"organisation": code}, paging, {"of": code})
        return TargetPage(items=[TargetView.of(Target.of(row)) for row in rows], next=onward)

    async def _must_cover(self, code: str) -> None:
        organisation = await self._organisations.known(code, "code")
        self._who.scope.must_cover_whole(*organisation.place)
