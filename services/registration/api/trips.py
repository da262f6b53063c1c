"""Routes of trips: who goes along with a class, and the sheet to be taken along."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from services.registration.answers.trips import TripView
from services.registration.api.parameters import InCode
from services.registration.domain.trips import Accompanying, NeedsOfTrip, TripAsked
from services.registration.handlers.trips import accompany
from services.registration.reads import Reads
from services.registration.repository import Repository
from services.registration.trips import Trips
from shared.contracts.codes import VenueCode
from shared.http.authorisation import SchoolStaff, admit
from shared.http.downloads import Printout, Workbook, file_of, named
from shared.http.openapi import problems
from shared.http.routes import KIB, router_of
from shared.identity.principal import Principal
from shared.programme.moments import SeasonDay
from shared.programme.texts import ClassName
from shared.storage.outbox import Clock

NOT_PRINTED = {404: ["not-found"], 409: ["nobody-travels", "too-many-pupils"]}
Teacher = Annotated[Principal, admit("navigator")]
TRIP = "/schools/{code}/trips/{venue}/{day}"


async def _asked(
    code: InCode,
    venue: Annotated[VenueCode, Path(description="Code of the venue to which the class travels.")],
    day: Annotated[SeasonDay, Path(description="The day, by the venue's calendar.")],
    school_class: Annotated[ClassName, Query(alias="class", description="the class as the school writes it, as «7А»")],
) -> TripAsked:
    return TripAsked(code, school_class, venue, day)


Asked = Annotated[TripAsked, Depends(_asked)]


def routes(repository: Repository, reads: Reads, trips: Trips, clock: Clock) -> APIRouter:
    """Returns the routes of trips."""
    router = router_of("registration")

    @router.put(
        TRIP,
        responses=problems({404: ["school-unknown"], 409: ["no-slots", "too-many-trips"]}),
    )
    async def name_accompanying_adult(who: SchoolStaff, asked: Asked, said: Accompanying) -> TripView:
        """Says which adult goes along with a class to a venue's slots of a day, in the place of one named before."""
        trip = await accompany(repository, trips, asked, said, who, clock())
        how = "name" if trip.account is None else "account"
        told = {"school": asked.school, "class": asked.name, "venue": asked.venue, "day": asked.day}
        return TripView.model_validate({**told, "accompanied_by": how})

    @router.get(f"{TRIP}/workbook", response_class=Workbook, responses=file_of(Workbook, NOT_PRINTED))
    async def trip_workbook(who: SchoolStaff, asked: Asked) -> Response:
        """The sheet of a trip as a workbook: who of the class has a seat there, when, and the code of each."""
        content = await reads.trips(who).workbook(asked, trips, clock())
        return named(Workbook, content, f"{asked.school}-{asked.name}-{asked.venue}-{asked.day}.xlsx")

    @router.get(f"{TRIP}/printout", response_class=Printout, responses=file_of(Printout, NOT_PRINTED))
    async def trip_printout(who: SchoolStaff, asked: Asked) -> Response:
        """The same to be printed and taken along; bookings that change afterwards are on the next one."""
        content = await reads.trips(who).printed(asked, trips, clock())
        return named(Printout, content, f"{asked.school}-{asked.name}-{asked.venue}-{asked.day}.pdf")

    @router.post(
        f"{TRIP}/printout", response_class=Printout, responses=file_of(Printout, NOT_PRINTED), max_body_size=256 * KIB
    )
    async def print_trip_with_needs(who: Teacher, asked: Asked, body: NeedsOfTrip) -> Response:
        """The same with what travellers need, for the adult who goes along; no need is kept here.

        The teacher passes on what `GET /trials/schools/{school}/trips/{venue}/{day}/needs` tells.
        """
        content = await reads.trips(who).printed(asked, trips, clock(), body)
        return named(Printout, content, f"{asked.school}-{asked.name}-{asked.venue}-{asked.day}.pdf")

    return router
