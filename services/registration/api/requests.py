"""Routes of requests for a place: a guardian asks, the school's staff answer."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request

from services.registration.answers.requests import Removed, RequestPage, RequestView, WaitingPage
from services.registration.api.rosters import OPERATORS, TELLING
from services.registration.domain.requests import Confirmation, PlaceAsked, Refused, State
from services.registration.handlers import requests as handlers
from services.registration.reads import Reads
from services.registration.repository import Repository
from shared.base.errors import ServiceError
from shared.contracts.codes import OrganisationCode
from shared.http.authorisation import SchoolStaff, admit
from shared.http.openapi import problems
from shared.http.paging import Paged
from shared.http.routes import router_of
from shared.http.throttles import asking, looking
from shared.identity.acting import about
from shared.identity.principal import Principal
from shared.programme.texts import Id
from shared.storage.decision import NewId
from shared.storage.outbox import Clock

Guardian = Annotated[Principal, admit("guardian")]
RequestId = Annotated[Id, Path(description="Id of the request.")]
Of = Annotated[OrganisationCode, Query(description="code of the school, municipality or region")]
In = Annotated[State | None, Query(description="those in one state alone; default all")]
NOT_ENTERED = [
    "another-child",
    "another-guardian",
    "child-known",
    "code-redeemed",
    "guardian-linked-elsewhere",
    "outside-season",
    "participant-archived",
    "pupil-elsewhere",
    "pupil-left",
    "request-answered",
    "season-closed",
    "season-unknown",
    "too-many-corrections",
    "too-many-guardians",
    "too-many-moves",
    "transfer-needed",
]
"""The refusals of a roster's line, and of a link."""


def routes(repository: Repository, reads: Reads, clock: Clock, new_id: NewId) -> APIRouter:
    """Returns the routes of requests."""
    router = router_of("registration")

    @router.post("/requests", responses=problems({404: ["school-unknown"], 409: ["too-many-requests"]}))
    async def ask_for_place(who: Guardian, asked: PlaceAsked, sent: Request) -> RequestView:
        """Asks the school for a child's place; again while it waits, it is the same request.

        The answer is the same whether the child is known or not. The names are sealed until the school answers.
        """
        await asking(sent)
        return await reads.requests(who).one(await handlers.ask(repository, who, asked, clock(), new_id))

    @router.get("/me/requests")
    async def own_requests(who: Guardian, paging: Paged) -> RequestPage:
        """The caller's own requests with their states."""
        return await reads.requests(who).own(paging)

    @router.get("/requests", responses=problems({404: ["organisation-unknown"]}))
    async def list_requests(who: SchoolStaff, organisation: Of, paging: Paged, state: In = None) -> WaitingPage:
        """The requests to a school, or to the schools of a place, with the names of those that wait."""
        return await reads.requests(who).page(organisation, state, paging)

    @router.delete("/requests/{request}", responses=problems({404: ["not-found"]}))
    async def take_back_request(who: Guardian, request: RequestId) -> Removed:
        """Destroys an own request; a pupil who was entered by it stays."""
        return Removed(request=(await handlers.take_back(repository, who, request)).id)

    _add_answering(router, repository, reads, clock, new_id)
    return router


def _add_answering(router: APIRouter, repository: Repository, reads: Reads, clock: Clock, new_id: NewId) -> None:
    @router.post(
        "/requests/{request}/confirmation",
        responses=problems({403: ["another-class"], 404: ["not-found"], 409: NOT_ENTERED}),
    )
    async def confirm_request(
        who: SchoolStaff, request: RequestId, confirmation: Confirmation, sent: Request
    ) -> RequestView:
        """Enters the child as a line of a roster would, with the cabinet of the guardian who asked open."""
        async with looking(sent) as look:
            try:
                answered = await handlers.confirm(repository, who, request, confirmation, clock(), new_id)
            except ServiceError as refused:
                if refused.type in TELLING and not OPERATORS.issuperset(grant.role for grant in who.grants):
                    look.found(1)
                raise
        about([answered.participant] if answered.participant else [])
        return await reads.requests(who).one(answered)

    @router.post("/requests/{request}/refusal", responses=problems({404: ["not-found"], 409: ["request-answered"]}))
    async def refuse_request(who: SchoolStaff, request: RequestId, refusal: Refused) -> RequestView:
        """Refuses a request with a reason, and destroys its names; again, the first reason stays."""
        answered = await handlers.refuse(repository, who, request, refusal.reason, clock())
        return await reads.requests(who).one(answered)
