"""Trials over HTTP: diagnostics."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.trials.answers.diagnostics import DiagnosticView
from services.trials.api.reading import UNKNOWN, InCode, add_list
from services.trials.domain.catalogue.definitions import Definition
from services.trials.domain.catalogue.wording import Version
from services.trials.handlers import diagnostics
from services.trials.reads.catalogue import CatalogueReads
from services.trials.reads.diagnostics import DiagnosticReads
from services.trials.repository import Repository
from shared.http.authorisation import Anyone, NationalOperator
from shared.http.entity_tags import Known
from shared.http.openapi import problems
from shared.http.routes import KIB, router_of

LARGEST_DEFINITION = 1024 * KIB
"""A hundred items in four versions and two languages, with answers of their own."""
InVersion = Annotated[
    Version | None, Query(description="The version whose words are shown; every one where neither this nor `grade` is.")
]
OfGrade = Annotated[int | None, Query(ge=1, le=11, description="The reader's grade, which says the version.")]


def routes(repository: Repository, reads: CatalogueReads, instruments: DiagnosticReads) -> APIRouter:
    """Returns the routes by which diagnostics are written and read."""
    router = router_of("trials")

    @router.put(
        "/diagnostics/{code}",
        max_body_size=LARGEST_DEFINITION,
        response_model_exclude_none=True,
        responses=problems({409: ["code-taken", "instrument-in-use"]}),
    )
    async def define_diagnostic(code: InCode, definition: Definition, who: NationalOperator) -> DiagnosticView:
        """Publishes an instrument; after its first attempt it takes words and norms that it lacked.

        409 `instrument-in-use` for any other change.
        """
        return DiagnosticView.of(await diagnostics.define(repository, code, definition), whole=True)

    add_list(router, "diagnostics", reads.diagnostics, "Diagnostics by code, without their items.")

    @router.get("/diagnostics/{code}", name="diagnostic", response_model=DiagnosticView, responses=UNKNOWN)
    async def single(
        who: Anyone, code: InCode, known: Known, version: InVersion = None, grade: OfGrade = None
    ) -> Response:
        """One diagnostic as a page shows it: words in both languages, without points, reversals and right answers.

        The national operator, who publishes it, is shown these, too.
        """
        shown = await instruments.shown(code, version, grade, who)
        return known.answer(shown.model_dump_json(exclude_none=True).encode())

    return router
