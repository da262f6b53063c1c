"""Trials over HTTP: diagnostics."""

from fastapi import APIRouter

from services.trials.answers.catalogue import DiagnosticView
from services.trials.answers.shown import shown
from services.trials.api.reading import InCode, add_entry, add_list
from services.trials.domain.diagnostics import Definition
from services.trials.handlers import diagnostics
from services.trials.reads.catalogue import CatalogueReads
from services.trials.repository import Repository
from shared.http.authorisation import NationalOperator
from shared.http.openapi import problems
from shared.http.routes import KIB, router_of


def routes(repository: Repository, reads: CatalogueReads) -> APIRouter:
    """Returns the routes by which diagnostics are written and read."""
    router = router_of("trials")

    @router.put(
        "/diagnostics/{code}", max_body_size=256 * KIB, responses=problems({409: ["code-taken", "instrument-in-use"]})
    )
    async def define_diagnostic(code: InCode, definition: Definition, who: NationalOperator) -> DiagnosticView:
        """Publishes an instrument; 409 `instrument-in-use` for a change after its first attempt."""
        return shown(DiagnosticView, await diagnostics.define(repository, code, definition))

    add_list(router, "diagnostics", reads.diagnostics, "Diagnostics by code, without their items.")
    add_entry(
        router,
        "diagnostics",
        "diagnostic",
        reads.whole_diagnostics,
        "One diagnostic with its scales, options and items.",
    )
    return router
