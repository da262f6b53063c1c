"""The HTTP interface of registration, reads: organisations for everyone, persons within the scope of who asks."""

from typing import Annotated, get_args

from fastapi import APIRouter, Path, Query, Response

from services.registration import handlers
from services.registration.own_views import Me
from services.registration.repository import Register
from services.registration.views import NamedOrganisation, OrganisationPage, ParticipantView, PupilPage
from shared.contracts.codes import OrganisationCode, SeasonCode
from shared.contracts.registration import OrganisationKind
from shared.http.authorisation import STAFF, SchoolStaff, admit
from shared.http.entity_tags import Known
from shared.http.openapi import problems
from shared.http.paging import Paged
from shared.http.routes import Route
from shared.identity.grants import Role
from shared.identity.principal import Principal
from shared.programme.texts import Id

InCode = Annotated[OrganisationCode, Path(description="The organisation's code in the register.")]
Anyone = Annotated[Principal, admit(*get_args(Role))]
StaffOrFamily = Annotated[Principal, admit(*STAFF, "guardian", "pupil")]
UNKNOWN = problems({404: ["organisation-unknown"]})


def reading_routes(register: Register) -> APIRouter:
    """The routes that change nothing."""
    router = APIRouter(route_class=Route)
    router.include_router(_organisation_routes(register))

    @router.get("/me")
    async def me(who: Anyone, paging: Paged) -> Me:
        """The caller: the grants with names, and the pupils of the own family with their consents and progress."""
        return await register.within(who).me(who, paging)

    @router.get("/participants/{participant}", responses=problems({404: ["not-found"]}))
    async def read_participant(who: StaffOrFamily, participant: Id) -> ParticipantView:
        """One pupil by name, with the progress of each season."""
        return await register.within(who).participant(participant)

    @router.get("/schools/{code}/participants", responses=problems({404: ["school-unknown"]}))
    async def list_pupils(who: SchoolStaff, code: InCode, season: SeasonCode, paging: Paged) -> PupilPage:
        """A school's pupils of a season, by class, with what each has done; `next` goes on as `after`."""
        school = await handlers.school_of(register, code)
        return await register.within(who).pupils(school, season, paging)

    return router


def _organisation_routes(register: Register) -> APIRouter:
    router = APIRouter(route_class=Route)

    @router.get("/organisations", response_model=OrganisationPage)
    async def organisations(
        who: Anyone,
        paging: Paged,
        known: Known,
        region: Annotated[OrganisationCode | None, Query(description="the region and what lies in it alone")] = None,
        kind: Annotated[OrganisationKind | None, Query(description="organisations of this kind alone")] = None,
        parent: Annotated[OrganisationCode | None, Query(description="what lies directly below this alone")] = None,
    ) -> Response:
        """The register of organisations by code, all or those of a region, a kind or a parent."""
        return known.answer(await register.reads.page({"region": region, "kind": kind, "parent": parent}, paging))

    @router.get(
        "/organisations/{code}", response_model=NamedOrganisation, responses=problems({404: ["organisation-unknown"]})
    )
    async def organisation(who: Anyone, code: InCode, known: Known) -> Response:
        """One organisation of the register."""
        return known.answer(await register.reads.one(code))

    return router
