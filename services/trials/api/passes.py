"""Trials over HTTP: the passes that pupils show at the door."""

from fastapi import APIRouter

from services.trials.answers.passes import PassKeys, PassView
from services.trials.api.items import BookingId
from services.trials.handlers import passes as handlers
from services.trials.passes import Passes
from services.trials.repository import Repository
from shared.http.authorisation import Anyone, StaffOrFamily
from shared.http.openapi import problems
from shared.http.routes import router_of


def routes(repository: Repository, passes: Passes) -> APIRouter:
    """Returns the routes by which passes are handed out, and checked."""
    router = router_of("trials")

    @router.get("/bookings/{id}/pass", responses=problems({404: ["not-found"], 409: ["booking-cancelled"]}))
    async def show_pass(id: BookingId, who: StaffOrFamily) -> PassView:
        """A booking's pass, to be shown as a QR code at the door; it stays good where the slot is moved."""
        said, token = await handlers.pass_of(repository, passes, id, who)
        return PassView(booking=said.booking, slot=said.slot, token=token)

    @router.get("/pass-keys")
    async def pass_keys(who: Anyone) -> PassKeys:
        """The keys by which a venue checks passes without a network (RFC 7517)."""
        return PassKeys.model_validate({"keys": passes.keys})

    return router
