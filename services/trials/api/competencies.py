"""Trials over HTTP: competencies."""

from fastapi import APIRouter

from services.trials.answers.catalogue import CompetencyView
from services.trials.answers.shown import shown
from services.trials.api.reading import InCode, add_entry, add_list
from services.trials.domain.catalogue.competencies import CompetencyEntry
from services.trials.handlers import competencies
from services.trials.reads.catalogue import CatalogueReads
from services.trials.repository import Repository
from shared.http.authorisation import NationalOperator
from shared.http.openapi import problems
from shared.http.routes import router_of
from shared.storage.outbox import Clock


def routes(repository: Repository, reads: CatalogueReads, clock: Clock) -> APIRouter:
    """Returns the routes by which competencies are written and read."""
    router = router_of("trials")

    @router.put("/competencies/{code}", responses=problems({409: ["code-taken"]}))
    async def approve_competency(code: InCode, entry: CompetencyEntry, who: NationalOperator) -> CompetencyView:
        """Approves a competency, or renames it: the catalogue of competencies is the nation's."""
        approved = await competencies.approve(repository, code, entry, clock())
        return shown(CompetencyView, approved, code=approved.id)

    add_list(router, "competencies", reads.competencies, "Approved competencies by code.")
    add_entry(router, "competencies", "competency", reads.competencies, "One approved competency.")
    return router
