"""Trials over HTTP: suggestions of trials that can be booked."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.trials.answers.suggestions import SuggestionsView
from services.trials.reads.suggestions import Asked, SuggestionReads
from shared.contracts.codes import SeasonCode
from shared.http.authorisation import admit
from shared.http.openapi import problems
from shared.http.routes import router_of
from shared.identity.principal import Principal
from shared.programme.texts import Id
from shared.storage.outbox import Clock

Near = Annotated[Principal, admit("navigator", "guardian", "pupil")]
"""Needs decide what is suggested: whoever may not read them is not shown their effect."""
Most = Annotated[int, Query(ge=1, le=20, description="The most suggestions that are wanted.")]


def routes(reads: SuggestionReads, clock: Clock) -> APIRouter:
    """Returns the route by which suggestions are read."""
    router = router_of("trials")

    @router.get("/participants/{participant}/suggestions", responses=problems({404: ["participant-unknown"]}))
    async def suggestions(participant: Id, season: SeasonCode, who: Near, most: Most = 10) -> SuggestionsView:
        """The trials that suit a pupil best by interests, place, what was tried and what is needed; each with reasons.

        A seat is there for each at this moment: a booking would be taken.
        """
        return await reads.of(Asked(participant, season, most, who, clock()))

    return router
