"""Trials over HTTP: needs of a place, in codes. Never a diagnosis, and never words."""

from typing import Annotated

from fastapi import APIRouter

from services.trials.answers.needs import NeedsView, SlotNeedsView, TakenBackAnswer
from services.trials.api.items import SlotId
from services.trials.api.reading import UNKNOWN
from services.trials.domain.statements import NeedsCommand
from services.trials.handlers import needs
from services.trials.handlers.needs import NeedsOf
from services.trials.reads.needs import NeedsReads
from services.trials.repository import Repository
from shared.http.authorisation import admit
from shared.http.openapi import problems
from shared.http.routes import router_of
from shared.identity.principal import Principal
from shared.programme.texts import Id
from shared.storage.outbox import Clock

Stating = Annotated[Principal, admit("navigator", "guardian")]
Near = Annotated[Principal, admit("navigator", "guardian", "pupil")]
Hosts = Annotated[Principal, admit("venue", "mentor")]
NEEDS = "/participants/{participant}/needs"
UNKNOWN_PUPIL = {404: ["participant-unknown"]}


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

    @router.get("/slots/{id}/needs", responses=UNKNOWN)
    async def needs_in_slot(id: SlotId, who: Hosts) -> SlotNeedsView:
        """The number of those booked who have each need, for the venue and its mentors, until the slot is over."""
        return await reads.of_slot(id, who, clock())

    return router
