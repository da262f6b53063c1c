"""Trials over HTTP: trial programmes."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.trials.answers.programmes import ProgrammeView
from services.trials.answers.shown import shown
from services.trials.api.reading import InCode, InRegion, add_entry, add_list
from services.trials.domain.places.needs import Need
from services.trials.domain.places.programmes import ProgrammeEntry
from services.trials.handlers import programmes
from services.trials.reads.catalogue import CatalogueReads
from services.trials.repository import Repository
from shared.contracts.codes import CompetencyCode, OrganisationCode
from shared.contracts.venues import Environment
from shared.http.authorisation import VenueOperator
from shared.http.openapi import problems
from shared.http.paging import Filter
from shared.http.routes import router_of
from shared.storage.outbox import Clock


def routes(repository: Repository, reads: CatalogueReads, clock: Clock) -> APIRouter:
    """Returns the routes by which trial programmes are written and read."""
    router = router_of("trials")

    @router.put(
        "/programmes/{code}",
        responses=problems({409: ["code-taken", "organisation-closed", "organisation-unknown", "programme-taken"]}),
    )
    async def define_programme(code: InCode, entry: ProgrammeEntry, who: VenueOperator) -> ProgrammeView:
        """Defines a trial programme of an organisation or a region, or changes it; open slots stay as they are."""
        defined = await programmes.define(repository, code, entry, who, clock())
        return shown(ProgrammeView, defined, programme=defined.id)

    add_list(router, "programmes", reads.programmes, "Trial programmes by code.", _narrowed)
    add_entry(router, "programmes", "programme", reads.programmes, "One trial programme, without its link.")
    return router


async def _narrowed(
    region: InRegion = None,
    organisation: Annotated[OrganisationCode | None, Query(description="those of this owner alone")] = None,
    competency: Annotated[CompetencyCode | None, Query(description="those of this competency alone")] = None,
    environment: Annotated[Environment | None, Query(description="those that show this environment alone")] = None,
    need: Annotated[Need | None, Query(description="those that serve this need alone")] = None,
) -> Filter:
    return {
        "region": region,
        "organisation": organisation,
        "competency": competency,
        "environment": environment,
        "needs": need,
    }
