"""Trials over HTTP: the path of a pupil."""

from fastapi import APIRouter

from services.trials.answers.paths import BookingPage, PathView
from services.trials.reads.paths import PathReads
from shared.contracts.codes import SeasonCode
from shared.http.authorisation import StaffOrFamily
from shared.http.openapi import problems
from shared.http.paging import Paged
from shared.http.routes import router_of
from shared.programme.texts import Id


def routes(reads: PathReads) -> APIRouter:
    """Returns the routes by which a pupil's path is read."""
    router = router_of("trials")

    @router.get("/participants/{participant}/path", responses=problems({404: ["not-found"]}))
    async def path(participant: Id, season: SeasonCode, who: StaffOrFamily) -> PathView:
        """A pupil's stages with their times, attempts with profiles, bookings and recommendation."""
        return await reads.within(who).path(participant, season)

    @router.get("/participants/{participant}/bookings", responses=problems({404: ["not-found"]}))
    async def bookings_of(participant: Id, season: SeasonCode, who: StaffOrFamily, paging: Paged) -> BookingPage:
        """A pupil's bookings of a season by the start of their slots, cancelled ones too."""
        return await reads.within(who).bookings(participant, season, paging)

    return router
