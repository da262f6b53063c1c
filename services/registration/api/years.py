"""Routes of what is said of an organisation by school year: a school's level and numbers, and operators' targets."""

from typing import Annotated

from fastapi import APIRouter, Path

from services.registration.answers.years import SchoolYearPage, SchoolYearView, TargetPage, TargetView
from services.registration.api.parameters import InCode
from services.registration.domain.school_years import SchoolYearEntry, Year
from services.registration.domain.targets import TargetEntry
from services.registration.handlers import years as handlers
from services.registration.reads import Reads
from services.registration.repository import Repository
from shared.http.authorisation import Operator, RegionOperator, SchoolStaff
from shared.http.openapi import problems
from shared.http.paging import Paged
from shared.http.routes import KIB, router_of
from shared.storage.outbox import Clock

InYear = Annotated[Year, Path(description="The school year, by the calendar year of its first day, as `2021`.")]
UNKNOWN = {404: ["organisation-unknown"]}


def routes(repository: Repository, reads: Reads, clock: Clock) -> APIRouter:
    """Returns the routes of years."""
    router = router_of("registration")

    @router.put(
        "/schools/{code}/years/{year}",
        max_body_size=64 * KIB,
        responses=problems({**UNKNOWN, 409: ["organisation-closed"]}),
    )
    async def enter_school_year(who: SchoolStaff, code: InCode, year: InYear, entry: SchoolYearEntry) -> SchoolYearView:
        """Enters a school's level and numbers of pupils in a year, in the place of what was said before."""
        return SchoolYearView.of(await handlers.enter_school_year(repository, who, code, year, entry, clock()))

    @router.get("/schools/{code}/years", responses=problems(UNKNOWN))
    async def school_years(who: SchoolStaff, code: InCode, paging: Paged) -> SchoolYearPage:
        """The level and the numbers of pupils of a school, by year."""
        return await reads.years(who).school_years(code, paging)

    @router.put("/organisations/{code}/targets/{year}", responses=problems({**UNKNOWN, 409: ["organisation-closed"]}))
    async def set_target(who: RegionOperator, code: InCode, year: InYear, entry: TargetEntry) -> TargetView:
        """Sets how many pupils and parents a region or a municipality is to bring into the programme in a year."""
        return TargetView.of(await handlers.set_year_target(repository, who, code, year, entry, clock()))

    @router.get("/organisations/{code}/targets", responses=problems(UNKNOWN))
    async def targets(who: Operator, code: InCode, paging: Paged) -> TargetPage:
        """The targets of a region or a municipality, by year."""
        return await reads.years(who).targets(code, paging)

    return router
