"""Trials over HTTP: needs of a place, in codes. Never a diagnosis, and never words."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from services.trials.answers.needs import NeedsView, SlotNeedsView, TakenBackAnswer, TripNeedsView
from services.trials.api.items import SlotId
from services.trials.api.reading import UNKNOWN
from services.trials.domain.seats.statements import NeedsCommand
from services.trials.handlers import needs
from services.trials.handlers.needs import NeedsOf
from services.trials.reads.needs import NeedsReads, Trip
from services.trials.repository import Repository
from shared.contracts.codes import OrganisationCode, VenueCode
from shared.http.authorisation import admit
from shared.http.openapi import problems
from shared.http.routes import router_of
from shared.identity.principal import Principal
from shared.programme.moments import SeasonDay
from shared.programme.texts import ClassName, Id
from shared.storage.outbox import Clock

Stating = Annotated[Principal, admit("navigator", "guardian")]
Near = Annotated[Principal, admit("navigator", "guardian", "pupil")]
Hosts = Annotated[Principal, admit("venue", "mentor")]
Teacher = Annotated[Principal, admit("navigator")]
NEEDS = "/participants/{participant}/needs"
UNKNOWN_PUPIL = {404: ["participant-unknown"]}


async def _trip(
    school: Annotated[OrganisationCode, Path(description="Code of the school.")],
    venue: Annotated[VenueCode, Path(description="Code of the venue to which the class travels.")],
    day: Annotated[SeasonDay, Path(description="The day, by the venue's calendar.")],
    school_class: Annotated[ClassName, Query(alias="class", description="the class as the school writes it, as «7А»")],
) -> Trip:
    return Trip(school, school_class, venue, day)


def routes(repository: Repository, reads: NeedsReads, clock: Clock) -> APIRouter:
    """Returns the routes by which needs are stated, read and taken back."""
    router = router_of("trials")

    @router.put(
        NEEDS,
        responses=problems({**UNKNOWN_PUPIL, 409: ["consent-missing", "organisation-unknown", "participant-archived"]}),
    )
    async def state_needs(participant: Id, command: NeedsCommand, who: Stating) -> NeedsView:
        """States all that a pupil needs of a place, as the guardian or, by a signed consent to that alone, the teacher.

        It is told to nobody by any event. It ends when it is taken back, and with the consent to take part.
        """
        now = clock()
        await needs.state(repository, NeedsOf(participant, who, now), command)
        return await reads.of_pupil(participant, who, now)

    @router.get(NEEDS, responses=problems(UNKNOWN_PUPIL))
    async def needs_of(participant: Id, who: Near) -> NeedsView:
        """The needs that were stated of a pupil, with the seats to come where they are not met."""
        return await reads.of_pupil(participant, who, clock())

    @router.delete(NEEDS, responses=problems({**UNKNOWN_PUPIL, 409: ["organisation-unknown"]}))
    async def take_needs_back(participant: Id, who: Near) -> TakenBackAnswer:
        """Destroys the statement of a pupil's needs; again, it changes nothing."""
        return TakenBackAnswer(participant=await needs.take_back(repository, NeedsOf(participant, who, clock())))

    _add_of_many(router, reads, clock)
    return router


def _add_of_many(router: APIRouter, reads: NeedsReads, clock: Clock) -> None:
    @router.get("/schools/{school}/trips/{venue}/{day}/needs", responses=UNKNOWN)
    async def needs_of_trip(trip: Annotated[Trip, Depends(_trip)], who: Teacher) -> TripNeedsView:
        """The needs of those of a class who travel, for the teacher, who has them printed on the trip's sheet.

        `POST /registration/schools/{code}/trips/{venue}/{day}/printout` takes them beside the names.
        """
        return await reads.of_trip(trip, who, clock())

    @router.get("/slots/{id}/needs", responses=UNKNOWN)
    async def needs_in_slot(id: SlotId, who: Hosts) -> SlotNeedsView:
        """The number of those booked who have each need, for the venue and its mentors, until the slot is over."""
        return await reads.of_slot(id, who, clock())
