"""The route by which a venue learns the names of those whom it expects."""

from typing import Annotated

from fastapi import APIRouter, Path

from services.registration.answers.checkins import CheckInPage
from services.registration.reads import Reads
from shared.http.authorisation import admit
from shared.http.openapi import problems
from shared.http.paging import Paged
from shared.http.routes import router_of
from shared.identity.principal import Principal
from shared.programme.texts import Id
from shared.storage.outbox import Clock

Hosts = Annotated[Principal, admit("venue", "mentor")]
"""Who stands at the door: operators have no use for these names."""
SlotId = Annotated[Id, Path(description="Id of the slot.")]


def routes(reads: Reads, clock: Clock) -> APIRouter:
    """Returns the route of check-in lists."""
    router = router_of("registration")

    @router.get("/slots/{slot}/participants", responses=problems({404: ["not-found"], 409: ["slot-not-near"]}))
    async def expected(who: Hosts, slot: SlotId, paging: Paged) -> CheckInPage:
        """The names of those who have a seat in a slot of the own venue, from two days before it until a day after."""
        return await reads.checkins(who).expected(slot, paging, clock())

    return router
