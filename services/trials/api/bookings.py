"""Trials over HTTP: bookings."""

from typing import Annotated, Any

from fastapi import APIRouter, Response

from services.trials.answers.commands import BookingAnswer, CancelledAnswer, Items
from services.trials.api.items import NOT_READY, BookingId, SlotId, item_by_item, noted, wanted
from services.trials.domain.path.caller import Said
from services.trials.handlers import bookings
from services.trials.handlers.bookings import BookingRequest, Bookings
from services.trials.repository import Repository
from shared.base.models import Count, Input
from shared.contracts.codes import ExceptionReason
from shared.http.authorisation import SchoolStaff, StaffOrFamily
from shared.http.batch import ReadAs, only
from shared.http.openapi import also, problems
from shared.http.routes import KIB, router_of
from shared.identity.acting import about
from shared.programme.moments import Moment
from shared.programme.texts import Id
from shared.storage.outbox import Clock

NO_SEAT = (
    "deadline-over",
    "grade-outside-slot",
    "quota-exhausted",
    "slot-closed",
    "slot-full",
    "slot-past",
    "time-conflict",
    "too-early",
    "too-many-ahead",
    "too-many-bookings",
)


class BookingBody(Input):
    """A seat for a pupil; a family books now, staff may say when it did."""

    participant: Id
    occurred_at: Moment | None = None
    exception: ExceptionReason | None = None
    """The reason why an operator lets it be booked against the season's dates, last days or limits."""


class BookingsBody(Input):
    """Seats for pupils, given in this order while there are any."""

    participants: Annotated[list[Annotated[Any, ReadAs(Id)]], Count(1, 200)]
    """Ids of the pupils, the first of whom get the seats that are left."""
    occurred_at: Moment | None = None
    exception: ExceptionReason | None = None
    """The reason why an operator lets it be booked against the season's dates, last days or limits."""


def said(body: BookingBody | BookingsBody) -> Said:
    """Returns the time and the exception that a body says."""
    return Said(body.occurred_at, body.exception)


def routes(repository: Repository, waiting: Bookings, clock: Clock) -> APIRouter:
    """Returns the routes by which seats are taken and given up."""
    router = router_of("trials")

    @router.post(
        "/slots/{id}/bookings",
        status_code=201,
        response_model_exclude_none=True,
        responses=also(BookingAnswer)
        | problems({404: ["not-found", "participant-unknown"], 409: [*NOT_READY, *NO_SEAT]}),
    )
    async def book(id: SlotId, body: BookingBody, who: StaffOrFamily, response: Response) -> BookingAnswer:
        """Takes a seat; 409 `slot-full` where none is left, 200 where the pupil has one already."""
        items = [wanted(body.participant, "/participant")]
        request = BookingRequest(items=items, who=who, now=clock(), slot=id, said=said(body))
        done = only(await waiting.submit(request))
        response.status_code = 201 if done.new else 200
        about([done.value.participant])
        return BookingAnswer.of(body.participant, done)

    @router.post(
        "/slots/{id}/bookings/batch",
        max_body_size=128 * KIB,
        response_model_exclude_none=True,
        responses=problems({404: ["not-found"]}),
    )
    async def book_many(id: SlotId, body: BookingsBody, who: SchoolStaff) -> Items[BookingAnswer]:
        """At most 200 seats, item by item: the first get those that are left."""
        items = [wanted(sent, f"/participants/{index}") for index, sent in enumerate(body.participants)]
        request = BookingRequest(items=items, who=who, now=clock(), slot=id, said=said(body))
        return noted(await item_by_item(BookingAnswer.of, body.participants, await waiting.submit(request)))

    _add_cancelling(router, repository, clock)
    return router


def _add_cancelling(router: APIRouter, repository: Repository, clock: Clock) -> None:
    @router.delete(
        "/bookings/{id}",
        responses=problems(
            {
                404: ["not-found"],
                409: ["already-attended", "organisation-unknown", "season-closed", "slot-past", "too-late"],
            }
        ),
    )
    async def cancel(id: BookingId, who: StaffOrFamily, occurred_at: Moment | None = None) -> CancelledAnswer:
        """Gives a seat up, before the slot begins; again, it changes nothing."""
        booking = await bookings.cancel(repository, id, occurred_at, who, clock())
        return CancelledAnswer(booking=booking.id, slot=booking.slot)
