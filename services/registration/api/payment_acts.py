"""Routes of acts for payment with names, for the venue that is paid and the operator who pays."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from services.registration.reads import Reads
from shared.http.authorisation import VenueOperator
from shared.http.downloads import Printout, Workbook, file_of, named
from shared.http.routes import router_of
from shared.programme.texts import Id
from shared.storage.outbox import Clock

ActId = Annotated[Id, Path(description="Id of the act, as trials signed it.")]


def routes(reads: Reads, clock: Clock) -> APIRouter:
    """Returns the routes of acts for payment."""
    router = router_of("registration")

    @router.get(
        "/payment-acts/{act}/workbook", response_class=Workbook, responses=file_of(Workbook, {404: ["not-found"]})
    )
    async def workbook(who: VenueOperator, act: ActId) -> Response:
        """A signed act as a workbook, with names: to the venue of all, to an operator of the own pupils."""
        name, content = await reads.payment_acts(who).workbook(act, clock())
        return named(Workbook, content, name)

    @router.get(
        "/payment-acts/{act}/printout",
        response_class=Printout,
        responses=file_of(Printout, {404: ["not-found"], 409: ["too-many-lines"]}),
    )
    async def printout(who: VenueOperator, act: ActId) -> Response:
        """A signed act to be printed and signed by both sides, with names as in the workbook."""
        name, content = await reads.payment_acts(who).printed(act, clock())
        return named(Printout, content, name)

    return router
