"""Routes of staff: who acts for an organisation, and who is put out of it."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from services.registration.answers.staff import ExclusionDone, ExclusionPage, StaffPage
from services.registration.domain.staff import ABOVE, Exclusion, ExclusionRequest
from services.registration.handlers import staff as handlers
from services.registration.reads import Reads
from services.registration.repository import Repository
from shared.contracts.codes import OrganisationCode
from shared.http.authorisation import SchoolStaff
from shared.http.openapi import problems
from shared.http.paging import Paged
from shared.http.routes import router_of
from shared.identity.principal import Principal
from shared.programme.texts import Id
from shared.storage.decision import Done
from shared.storage.outbox import Clock

Of = Annotated[OrganisationCode, Query(description="code of the organisation")]
ExclusionId = Annotated[Id, Path(description="Id of the exclusion.")]
UNKNOWN = {404: ["organisation-unknown"]}


def routes(repository: Repository, reads: Reads, clock: Clock) -> APIRouter:
    """Returns the routes of staff."""
    router = router_of("registration")

    @router.get("/staff", responses=problems(UNKNOWN))
    async def list_staff(who: SchoolStaff, org: Of, paging: Paged) -> StaffPage:
        """The accounts that acted for an organisation, each with its grants there and the days; no names.

        Whoever leads the organisation sees them, and operators of its place; a navigator of some classes does not.
        """
        return await reads.staff(who).page(org, paging)

    @router.get("/staff/exclusions", responses=problems(UNKNOWN))
    async def list_exclusions(who: SchoolStaff, org: Of, paging: Paged) -> ExclusionPage:
        """The accounts that are put out of an organisation."""
        return await reads.staff(who).exclusions(org, paging)

    @router.post(
        "/staff/exclusions",
        responses=problems({403: [ABOVE], **UNKNOWN, 409: ["own-account", "too-many-exclusions"]}),
    )
    async def exclude(who: SchoolStaff, request: ExclusionRequest) -> ExclusionDone:
        """Puts an account out of an organisation and of all below it, at once and in every service.

        Its grants there are refused with 403 `excluded` from then on, however long its token lives; its other grants go
        on. Nobody puts out the own account, nor one that was seen with a grant above the caller's.
        """
        return await _told(reads, who, await handlers.exclude_staff(repository, who, request, clock()))

    @router.delete(
        "/staff/exclusions/{exclusion}",
        responses=problems({403: [ABOVE], 404: ["not-found"], 409: ["too-many-exclusions"]}),
    )
    async def readmit(who: SchoolStaff, exclusion: ExclusionId) -> ExclusionDone:
        """Lets an account act again by the grants that it has; who put it out from above readmits it from there."""
        return await _told(reads, who, await handlers.readmit_staff(repository, who, exclusion, clock()))

    return router


async def _told(reads: Reads, who: Principal, done: Done[Exclusion]) -> ExclusionDone:
    shown = await reads.staff(who).exclusion(done.value)
    return ExclusionDone(**shown.model_dump(), new=done.new)
