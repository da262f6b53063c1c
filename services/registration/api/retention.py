"""Routes of retention: the terms of a region, and the list of those who are to be erased."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from services.registration.answers.retention import DuePage, TermsView
from services.registration.domain.retention import MOST_AHEAD, NOTICE, TermEntry
from services.registration.handlers.retention import set_term
from services.registration.reads import Reads
from services.registration.repository import Repository
from shared.contracts.codes import OrganisationCode
from shared.http.authorisation import Anyone, RegionOperator, SchoolStaff
from shared.http.openapi import problems
from shared.http.paging import Paged
from shared.http.routes import router_of

InRegion = Annotated[OrganisationCode, Path(description="Code of the region.")]
Of = Annotated[OrganisationCode, Query(description="code of the school, municipality or region")]
Within = Annotated[int, Query(ge=0, le=MOST_AHEAD, description="days ahead, of the region's clock")]
UNKNOWN = {404: ["organisation-unknown"]}


def routes(repository: Repository, reads: Reads) -> APIRouter:
    """Returns the routes of retention."""
    router = router_of("registration")

    @router.get("/retention", responses=problems(UNKNOWN))
    async def list_due(who: SchoolStaff, organisation: Of, paging: Paged, days: Within = NOTICE.days) -> DuePage:
        """The pupils of a place who are due to be erased within some days, each with the reason and the day.

        A consent that is given again takes a pupil off the list, and so does a restoration. Nobody is erased who has
        not been on it for a week.
        """
        return await reads.retention(who).page(organisation, days, paging)

    @router.put("/retention/{region}", responses=problems({**UNKNOWN, 409: ["season-unknown", "too-many-seasons"]}))
    async def put_term(who: RegionOperator, region: InRegion, entry: TermEntry) -> TermsView:
        """Sets after how many days a region's pupils who left are erased, of all seasons or of one."""
        return TermsView.of(await set_term(repository, who, region, entry))

    @router.get("/retention/{region}", responses=problems(UNKNOWN))
    async def terms(who: Anyone, region: InRegion) -> TermsView:
        """The terms after which a region's pupils are erased; those of the programme where it has set none."""
        return TermsView.of(await reads.terms(region))

    return router
