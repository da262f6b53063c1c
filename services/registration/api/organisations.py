"""Routes of the register of organisations: operators write it, everyone reads it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from services.registration.answers.organisations import NamedOrganisation, OrganisationPage, OrganisationView
from services.registration.api.parameters import InCode
from services.registration.domain.definitions import Definition
from services.registration.handlers import organisations as handlers
from services.registration.reads import Reads
from services.registration.repository import Repository
from shared.contracts.codes import OrganisationCode
from shared.contracts.organisations import OrganisationKind
from shared.http.authorisation import Anyone, RegionOperator
from shared.http.entity_tags import Known
from shared.http.openapi import problems
from shared.http.paging import Filter, Paged
from shared.http.routes import router_of
from shared.programme.legal_entities import Inn
from shared.storage.outbox import Clock

NOT_DEFINED = ["code-taken", "inn-taken", "ogrn-taken", "organisation-closed", "organisation-fixed"]


async def _narrowed(
    region: Annotated[OrganisationCode | None, Query(description="the region and what lies in it alone")] = None,
    kind: Annotated[OrganisationKind | None, Query(description="organisations of this kind alone")] = None,
    parent: Annotated[OrganisationCode | None, Query(description="what lies directly below this alone")] = None,
    inn: Annotated[Inn | None, Query(description="the organisation with this ИНН alone")] = None,
) -> Filter:
    return {"region": region, "kind": kind, "parent": parent, "inn": inn}


def routes(repository: Repository, reads: Reads, clock: Clock) -> APIRouter:
    """Returns the routes of the register."""
    router = router_of("registration")

    @router.get("/organisations", response_model=OrganisationPage)
    async def organisations(
        who: Anyone,
        paging: Paged,
        known: Known,
        asked: Annotated[Filter, Depends(_narrowed)],
    ) -> Response:
        """The register of organisations by code, all or those of a region, a kind, a parent or an ИНН."""
        return known.answer(await reads.organisations.page(asked, paging))

    @router.get(
        "/organisations/{code}", response_model=NamedOrganisation, responses=problems({404: ["organisation-unknown"]})
    )
    async def organisation(who: Anyone, code: InCode, known: Known) -> Response:
        """One organisation of the register."""
        return known.answer(await reads.organisations.one(code))

    @router.put("/organisations/{code}", responses=problems({409: NOT_DEFINED}))
    async def define_organisation(who: RegionOperator, code: InCode, definition: Definition) -> OrganisationView:
        """Enters an organisation into the register, or changes its name, level or numbers."""
        return OrganisationView.of(await handlers.define_organisation(repository, who, code, definition, clock()))

    return router
