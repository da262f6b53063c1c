"""Trials over HTTP: the passes that pupils show at the door."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from services.trials.answers.passes import ClassCodesView, OwnCodeView, PassKeys, PassView
from services.trials.api.items import BookingId
from services.trials.handlers import passes as handlers
from services.trials.passes import Passes
from services.trials.repository import Repository
from shared.contracts.codes import OrganisationCode, SeasonCode
from shared.http.authorisation import Anyone, SchoolStaff, StaffOrFamily
from shared.http.openapi import problems
from shared.http.routes import router_of
from shared.programme.texts import ClassName, Id


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

    _add_of_class(router, repository, passes)
    return router


def _add_of_class(router: APIRouter, repository: Repository, passes: Passes) -> None:
    @router.get("/schools/{school}/door-codes", responses=problems({404: ["not-found"]}))
    async def show_class_codes(
        school: Annotated[OrganisationCode, Path(description="Code of the school.")],
        season: SeasonCode,
        school_class: Annotated[
            ClassName, Query(alias="class", description="the class as the school writes it, as «7А»")
        ],
        who: SchoolStaff,
    ) -> ClassCodesView:
        """The own codes of a class, to be printed with names (`POST /registration/schools/{code}/door-codes/printout`).

        Names are registration's alone, and this key is this service's: whoever may read both prints them.
        """
        found = await handlers.codes_of_class(repository, passes, (school, school_class, season), who)
        return ClassCodesView(codes=[OwnCodeView(participant=pupil, token=token) for pupil, token in found])
