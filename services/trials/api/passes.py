"""Trials over HTTP: the passes that pupils show at the door."""

from fastapi import APIRouter

from services.trials.answers.passes import OwnCodeView, PassKeys, PassView
from services.trials.api.items import BookingId
from services.trials.handlers import passes as handlers
from services.trials.passes import Passes
from services.trials.repository import Repository
from shared.http.authorisation import Anyone, StaffOrFamily
from shared.http.openapi import problems
from shared.http.routes import router_of
from shared.programme.texts import Id


def routes(repository: Repository, passes: Passes) -> APIRouter:
    """Returns the routes by which passes are handed out, and checked."""
    router = router_of("trials")

    @router.get("/bookings/{id}/pass", responses=problems({404: ["not-found"], 409: ["booking-cancelled"]}))
    async def show_pass(id: BookingId, who: StaffOrFamily) -> PassView:
        """A booking's pass, to be shown as a QR code at the door; it stays good where the slot is moved."""
        said, token = await handlers.pass_of(repository, passes, id, who)
        return PassView(booking=said.booking, slot=said.slot, token=token)

    @router.get("/participants/{participant}/code", responses=problems({404: ["participant-unknown"]}))
    async def show_own_code(participant: Id, who: StaffOrFamily) -> OwnCodeView:
        """A pupil's own code, to be shown at the door as a QR code or printed: without a booking it lets in, too.

        That is where there is a seat, by the rules of any booking.
        """
        pupil, token = await handlers.own_code(repository, passes, participant, who)
        return OwnCodeView(participant=pupil, token=token)

    @router.get("/pass-keys")
    async def pass_keys(who: Anyone) -> PassKeys:
        """The keys by which a venue checks passes without a network (RFC 7517)."""
        return PassKeys.model_validate({"keys": passes.keys})

    return router
