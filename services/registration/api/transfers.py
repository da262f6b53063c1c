"""Routes of transfers: the next school asks, the school where the pupil is answers."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from services.registration.answers.transfers import TransferPage, TransferView
from services.registration.domain.transfers import State, TransferRequest
from services.registration.handlers import transfers as handlers
from services.registration.reads import Reads
from services.registration.repository import Repository
from shared.contracts.codes import OrganisationCode
from shared.http.authorisation import SchoolStaff
from shared.http.openapi import problems
from shared.http.paging import Paged
from shared.http.routes import router_of
from shared.http.throttles import looking
from shared.identity.acting import about
from shared.programme.texts import Id
from shared.storage.decision import NewId
from shared.storage.outbox import Clock

TransferId = Annotated[Id, Path(description="Id of the transfer.")]
Of = Annotated[OrganisationCode, Query(description="code of the school, municipality or region")]
In = Annotated[State | None, Query(description="those in one state alone; default all")]

NOT_ASKED = ["child-known", "key-taken", "organisation-closed", "several-children"]
NOT_CONFIRMED = ["organisation-closed", "participant-archived", "too-many-moves", "transfer-answered"]


def routes(repository: Repository, reads: Reads, clock: Clock, new_id: NewId) -> APIRouter:
    """Returns the routes of transfers."""
    router = router_of("registration")

    @router.post(
        "/transfers",
        responses=problems({404: ["child-unknown", "school-unknown"], 409: NOT_ASKED}),
    )
    async def ask(who: SchoolStaff, wanted: TransferRequest, request: Request) -> TransferView:
        """Asks for a child whom another school of the region has; again, it is the same transfer.

        Where the child learns, and under which id, is told when the other school has confirmed.
        """
        async with looking(request) as look:
            look.found(1)  # also one that is not there: each try tells something
            transfer = await handlers.ask(repository, who, wanted, clock(), new_id)
        about([transfer.participant])
        return await reads.transfers(who).one(transfer)

    @router.get("/transfers", responses=problems({404: ["organisation-unknown"]}))
    async def list_transfers(who: SchoolStaff, organisation: Of, paging: Paged, state: In = None) -> TransferPage:
        """The transfers into and out of a school, a municipality or a region."""
        return await reads.transfers(who).page(organisation, state, paging)

    @router.post(
        "/transfers/{transfer}/confirmation",
        responses=problems({404: ["not-found"], 409: NOT_CONFIRMED}),
    )
    async def confirm(who: SchoolStaff, transfer: TransferId) -> TransferView:
        """Lets the pupil go, with all that was done; the school where the pupil is says so, or an operator of it."""
        return await reads.transfers(who).one(await handlers.confirm(repository, who, transfer, clock()))

    @router.delete("/transfers/{transfer}", responses=problems({404: ["not-found"], 409: ["transfer-answered"]}))
    async def refuse(who: SchoolStaff, transfer: TransferId) -> TransferView:
        """Refuses a transfer, or takes back what was asked for."""
        return await reads.transfers(who).one(await handlers.refuse(repository, who, transfer, clock()))

    return router
