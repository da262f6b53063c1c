"""Trials over HTTP: lines of pupils who wait for a seat."""

from fastapi import APIRouter, Response

from services.trials.answers.waiting import ConfirmedAnswer, LeftAnswer, PlacePage, WaitingAnswer
from services.trials.api.items import NOT_READY, BookingId, SlotId
from services.trials.handlers import waiting
from services.trials.handlers.waiting import InLine
from services.trials.reads.waiting import WaitingReads
from services.trials.repository import Repository
from shared.base.models import Input
from shared.contracts.codes import SeasonCode
from shared.http.authorisation import StaffOrFamily
from shared.http.openapi import also, problems
from shared.http.paging import Paged
from shared.http.routes import router_of
from shared.programme.moments import Moment
from shared.programme.texts import Id
from shared.storage.outbox import Clock

NO_PLACE = (
    "already-booked",
    "grade-outside-slot",
    "line-full",
    "seats-free",
    "slot-closed",
    "slot-past",
    "too-many-lines",
)


class WaitingBody(Input):
    """A pupil who is to wait for a seat; a family asks now, staff may say when it did."""

    participant: Id
    occurred_at: Moment | None = None


def routes(repository: Repository, reads: WaitingReads, clock: Clock) -> APIRouter:
    """Returns the routes by which pupils wait for seats, and confirm those that they are given."""
    router = router_of("trials")

    @router.post(
        "/slots/{id}/waiting",
        status_code=201,
        responses=also(WaitingAnswer)
        | problems({404: ["not-found", "participant-unknown"], 409: [*NOT_READY, *NO_PLACE]}),
    )
    async def wait_for_seat(id: SlotId, body: WaitingBody, who: StaffOrFamily, response: Response) -> WaitingAnswer:
        """Joins the line of a slot without a free seat, in the order of arrival; again, it changes nothing (200).

        A seat that becomes free is booked for the first in line who can have it, by itself.
        """
        of = InLine(body.participant, id, who, clock())
        found = await waiting.join(repository, of, body.occurred_at)
        response.status_code = 201 if found.new else 200
        status, pupil = "waiting" if found.new else "known", found.participant
        return WaitingAnswer.model_validate({"participant": pupil, "slot": id, "place": found.place, "status": status})

    _add_places(router, repository, reads, clock)
    return router


def _add_places(router: APIRouter, repository: Repository, reads: WaitingReads, clock: Clock) -> None:
    @router.delete("/slots/{id}/waiting/{participant}", responses=problems({404: ["not-found", "participant-unknown"]}))
    async def leave_line(id: SlotId, participant: Id, who: StaffOrFamily) -> LeftAnswer:
        """Leaves the line of a slot; again, it changes nothing."""
        pupil = await waiting.leave(repository, InLine(participant, id, who, clock()))
        return LeftAnswer(participant=pupil, slot=id)

    @router.get("/participants/{participant}/waiting", responses=problems({404: ["not-found"]}))
    async def waiting_of(participant: Id, season: SeasonCode, who: StaffOrFamily, paging: Paged) -> PlacePage:
        """A pupil's places in lines of a season, with those that have ended and how."""
        return await reads.places(participant, season, who, paging)

    @router.post(
        "/bookings/{id}/confirmation",
        responses=problems({404: ["not-found"], 409: ["booking-cancelled"]}),
    )
    async def confirm_booking(id: BookingId, who: StaffOrFamily) -> ConfirmedAnswer:
        """Keeps a seat that was given from a line, before it is given up; again, it changes nothing."""
        booking = await waiting.confirm(repository, id, who)
        return ConfirmedAnswer(booking=booking.id, slot=booking.slot)
