"""Trials over HTTP: where online trials are held."""

from typing import Annotated

from fastapi import APIRouter, Path

from services.trials.answers.links import LinkView
from services.trials.api.items import SlotId
from services.trials.api.reading import UNKNOWN
from services.trials.reads.links import LinkReads
from shared.http.authorisation import Family, admit
from shared.http.routes import router_of
from shared.identity.principal import Principal
from shared.programme.texts import Id

Hosts = Annotated[Principal, admit("venue", "mentor")]
Seat = Annotated[Id, Path(description="Id of the booking.")]


def routes(reads: LinkReads) -> APIRouter:
    """Returns the routes by which the link of an online trial is read."""
    router = router_of("trials")

    @router.get("/slots/{id}/link", responses=UNKNOWN)
    async def link_of_slot(id: SlotId, who: Hosts) -> LinkView:
        """The address of a slot of an online programme, for its venue and mentors alone."""
        return await reads.of_slot(who, id)

    @router.get("/bookings/{id}/link", responses=UNKNOWN)
    async def link_of_booking(id: Seat, who: Family) -> LinkView:
        """The address of the online programme in which a pupil has a seat, for the family alone."""
        return await reads.of_booking(who, id)

    return router
