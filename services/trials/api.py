"""Trials over HTTP: attempts, bookings, attendance and the path of a pupil."""

from itertools import starmap
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Path, Response

from services.trials import attendance, bookings
from services.trials.answers import (
    AttemptAnswer,
    AttendanceAnswer,
    BookingAnswer,
    CancelledAnswer,
    Items,
    RevokedAnswer,
)
from services.trials.api_catalogue import catalogue_routes
from services.trials.api_reads import SlotId, reading_routes
from services.trials.attempts import Attempts, Sent
from services.trials.attendance import Presence, Presences, Revocation, Statement
from services.trials.bookings import Bookings, Wish
from services.trials.catalogue_reads import CatalogueReads
from services.trials.commands import Commands
from services.trials.gate import NewId
from services.trials.instruments import AttemptCommand
from services.trials.repository import Store
from services.trials.results import only
from services.trials.views import BookingPage, PathView, Views
from shared.base.models import Count, Input
from shared.base.side_thread import aside
from shared.contracts.codes import SeasonCode
from shared.http.authorisation import STAFF, SchoolStaff, VenueStaff, admit
from shared.http.batch import ReadAs, each_parsed
from shared.http.openapi import also, problems
from shared.http.paging import Paged
from shared.http.routes import KIB, Route
from shared.identity.acting import about
from shared.identity.principal import Principal
from shared.programme.moments import Moment
from shared.programme.texts import Id
from shared.storage.outbox import Clock

LARGEST_ATTEMPT = 45 * KIB
"""500 answers with the longest of codes."""
A = TypeVar("A", AttemptAnswer, AttendanceAnswer, BookingAnswer)
StaffOrPupil = Annotated[Principal, admit(*STAFF, "pupil")]
StaffOrFamily = Annotated[Principal, admit(*STAFF, "guardian", "pupil")]
BookingId = Annotated[Id, Path(description="Id of the booking.")]
AttendanceId = Annotated[Id, Path(description="Id of the attendance.")]
NOT_READY = ("organisation-unknown", "not-in-season", "consent-missing", "outside-season")
"""Why a pupil cannot act yet, or at all."""


class AttemptsBody(Input):
    """A class's attempts; each is read on its own (shape: the body of `POST /trials/attempts`)."""

    attempts: Annotated[list[Annotated[Any, ReadAs(AttemptCommand)]], Count(1, 100)]
    """Each as the body of `POST /trials/attempts`."""


class BookingBody(Input):
    """A seat for a pupil; a family books now, staff may say when it did."""

    participant: Id
    occurred_at: Moment | None = None


class BookingsBody(Input):
    """Seats for pupils, given in this order while there are any."""

    participants: Annotated[list[Annotated[Any, ReadAs(Id)]], Count(1, 200)]
    """Ids of the pupils, the first of whom get the seats that are left."""
    occurred_at: Moment | None = None


PresenceList = Annotated[list[Annotated[Any, ReadAs(Presence)]], Count(1, 1_000)]


def routes(store: Store, views: Views, reads: CatalogueReads, clock: Clock, new_id: NewId) -> APIRouter:
    """All routes of trials."""
    router = APIRouter(prefix="/trials", tags=["trials"], route_class=Route)
    commands = Commands(store, new_id)
    router.include_router(catalogue_routes(store, clock, new_id))
    router.include_router(reading_routes(reads))
    router.include_router(_attempt_routes(commands, clock))
    router.include_router(_booking_routes(store, commands, clock))
    router.include_router(_attendance_routes(store, commands, clock, new_id))

    @router.get("/participants/{participant}/path", responses=problems({404: ["not-found"]}))
    async def path(participant: Id, season: SeasonCode, who: StaffOrFamily) -> PathView:
        """A pupil's stages with their times, attempts with profiles, bookings and recommendation."""
        return await views.within(who).path(participant, season)

    @router.get("/participants/{participant}/bookings", responses=problems({404: ["not-found"]}))
    async def bookings_of(participant: Id, season: SeasonCode, who: StaffOrFamily, paging: Paged) -> BookingPage:
        """A pupil's bookings of a season by the start of their slots, cancelled ones too."""
        return await views.within(who).bookings(participant, season, paging)

    return router


def _attempt_routes(commands: Commands, clock: Clock) -> APIRouter:
    router = APIRouter(route_class=Route)

    @router.post(
        "/attempts",
        max_body_size=LARGEST_ATTEMPT,
        status_code=201,
        response_model_exclude_none=True,
        responses=also(AttemptAnswer)
        | problems({404: ["participant-unknown"], 409: [*NOT_READY, "ref-reused", "too-many-attempts"]}),
    )
    async def attempt(command: AttemptCommand, who: StaffOrPupil, response: Response) -> AttemptAnswer:
        """A pupil completes a diagnostic; 200 with the same profile where the ref was taken before."""
        results = await commands.attempts.submit(Attempts([Sent("", command)], who, clock()))
        response.status_code = 201 if only(results).new else 200
        about([command.participant])
        return AttemptAnswer.of({"ref": command.ref, "participant": command.participant}, results[0])

    @router.post("/attempts/batch", max_body_size=100 * LARGEST_ATTEMPT, response_model_exclude_none=True)
    async def attempts_of_a_class(body: AttemptsBody, who: SchoolStaff) -> Items[AttemptAnswer]:
        """At most 100 attempts, item by item."""
        read = await each_parsed(AttemptCommand, body.attempts, "/attempts")
        sent = [Sent(f"/attempts/{i}", command) for i, command in enumerate(read)]
        results = await commands.attempts.submit(Attempts(sent, who, clock()))
        return _noted(
            await aside(lambda: list(starmap(AttemptAnswer.of, zip(body.attempts, results, strict=True))), len(results))
        )

    return router


def _booking_routes(store: Store, commands: Commands, clock: Clock) -> APIRouter:
    router = APIRouter(route_class=Route)

    @router.post(
        "/slots/{id}/bookings",
        status_code=201,
        response_model_exclude_none=True,
        responses=also(BookingAnswer)
        | problems(
            {
                404: ["not-found", "participant-unknown"],
                409: [
                    *NOT_READY,
                    "grade-outside-slot",
                    "slot-full",
                    "slot-past",
                    "time-conflict",
                    "too-many-bookings",
                ],
            }
        ),
    )
    async def book(id: SlotId, body: BookingBody, who: StaffOrFamily, response: Response) -> BookingAnswer:
        """Takes a seat; 409 `slot-full` where none is left, 200 where the pupil has one already."""
        wish = Wish(body.participant, "/participant")
        results = await commands.bookings.submit(Bookings(id, [wish], body.occurred_at, who, clock()))
        response.status_code = 201 if only(results).new else 200
        about([body.participant])
        return BookingAnswer.of(body.participant, results[0])

    @router.post(
        "/slots/{id}/bookings/batch",
        max_body_size=128 * KIB,
        response_model_exclude_none=True,
        responses=problems({404: ["not-found"]}),
    )
    async def book_many(id: SlotId, body: BookingsBody, who: SchoolStaff) -> Items[BookingAnswer]:
        """At most 200 seats, item by item: the first get those that are left."""
        wishes = [Wish.read(raw, f"/participants/{i}") for i, raw in enumerate(body.participants)]
        results = await commands.bookings.submit(Bookings(id, wishes, body.occurred_at, who, clock()))
        return _noted(
            await aside(
                lambda: list(starmap(BookingAnswer.of, zip(body.participants, results, strict=True))), len(results)
            )
        )

    @router.delete(
        "/bookings/{id}",
        responses=problems({404: ["not-found"], 409: ["already-attended", "organisation-unknown", "slot-past"]}),
    )
    async def cancel(id: BookingId, who: StaffOrFamily, occurred_at: Moment | None = None) -> CancelledAnswer:
        """Gives a seat up, before the slot begins; again, it changes nothing."""
        booking = await bookings.cancel(store, id, occurred_at, who, clock())
        return CancelledAnswer(booking=booking.id, slot=booking.slot)

    return router


def _attendance_routes(store: Store, commands: Commands, clock: Clock, new_id: NewId) -> APIRouter:
    router = APIRouter(route_class=Route)

    @router.post(
        "/slots/{id}/attendance",
        max_body_size=512 * KIB,
        response_model_exclude_none=True,
        responses=problems({404: ["not-found"]}),
    )
    async def attend(id: SlotId, body: PresenceList, who: VenueStaff) -> Items[AttendanceAnswer]:
        """A list of at most 1,000 presences (`{participant, source, occurred_at?}`), item by item."""
        said = [Statement(f"/{i}", presence) for i, presence in enumerate(await each_parsed(Presence, body, ""))]
        results = await commands.attendance.submit(Presences(id, said, who, clock()))
        return _noted(
            await aside(lambda: list(starmap(AttendanceAnswer.of, zip(body, results, strict=True))), len(results))
        )

    @router.post("/attendance/{id}/revocation", responses=problems({404: ["not-found"], 409: ["organisation-unknown"]}))
    async def revoke(id: AttendanceId, body: Revocation, who: VenueStaff) -> RevokedAnswer:
        """Takes an attendance back; again, it changes nothing."""
        revoked = await attendance.revoke(store, id, body, who, clock(), new_id)
        return RevokedAnswer(attendance=revoked.id, slot=revoked.slot)

    return router


def _noted(items: list[A]) -> Items[A]:
    """The answer to a batch; the audit log has those of whom something was accepted."""
    about(item.participant for item in items if item.participant and item.status != "rejected")
    return Items(items=items)
