"""Trials over HTTP: what the mentor and the pupil say of an attendance."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from services.trials.answers.reviews import FeedbackView, ReviewView, SlotReviewsView, VenueStarsPage
from services.trials.api.items import SlotId
from services.trials.api.reading import UNKNOWN, InRegion
from services.trials.domain.presence.feedback import FeedbackEntry, ReviewEntry
from services.trials.handlers import feedback
from services.trials.handlers.feedback import Of
from services.trials.reads.reviews import ReviewReads
from services.trials.repository import Repository
from shared.contracts.codes import SeasonCode, VenueCode
from shared.http.authorisation import Family, VenueOperator, VenueStaff
from shared.http.openapi import problems
from shared.http.paging import Paged
from shared.http.routes import router_of
from shared.programme.texts import Id
from shared.storage.decision import NewId
from shared.storage.outbox import Clock

AttendanceId = Annotated[Id, Path(description="Id of the attendance.")]
NOT_SAID = ["attendance-revoked", "consent-missing", "organisation-unknown", "participant-archived", "season-closed"]


def routes(repository: Repository, reads: ReviewReads, clock: Clock, new_id: NewId) -> APIRouter:
    """Returns the routes by which attendances are marked and reviewed."""
    router = router_of("trials")

    @router.put(
        "/attendance/{id}/feedback", responses=problems({404: ["not-found"], 409: [*NOT_SAID, "criteria-missing"]})
    )
    async def mark_attendance(id: AttendanceId, body: FeedbackEntry, who: VenueStaff) -> FeedbackView:
        """Gives an attendance the mentor's marks by the criteria of the slot's programme; the same change nothing.

        The family and the teacher read them on the pupil's path, and a recommendation may rest on them.
        """
        return FeedbackView.of(await feedback.mark(repository, Of(id, who, clock()), body, new_id))

    @router.put("/attendance/{id}/review", responses=problems({404: ["not-found"], 409: NOT_SAID}))
    async def review_attendance(id: AttendanceId, body: ReviewEntry, who: Family) -> ReviewView:
        """Gives an attendance the pupil's stars, with words or without; the same change nothing.

        The stars are told without the words, which are in no event and go with the pupil.
        """
        return ReviewView.of(*await feedback.review(repository, Of(id, who, clock()), body))

    @router.get("/attendance/{id}/review", responses=UNKNOWN)
    async def review_of(id: AttendanceId, who: Family) -> ReviewView:
        """The review of one's own attendance, with the words."""
        return await reads.of_attendance(id, who)

    _add_means(router, reads)
    return router


def _add_means(router: APIRouter, reads: ReviewReads) -> None:
    @router.get("/slots/{id}/reviews", responses=UNKNOWN)
    async def reviews_of_slot(id: SlotId, who: VenueStaff) -> SlotReviewsView:
        """The mean of the stars that pupils gave a slot, and to its venue their words, from five pupils on.

        Never whose they are; of an attendance that was taken back there is nothing.
        """
        return await reads.of_slot(id, who)

    @router.get("/reviews")
    async def reviews_of_venues(
        season: SeasonCode,
        who: VenueOperator,
        paging: Paged,
        region: InRegion = None,
        venue: Annotated[VenueCode | None, Query(description="this venue alone")] = None,
    ) -> VenueStarsPage:
        """The mean of the stars that venues were given in a season, and by programme, from five pupils on.

        A venue sees its own, a region's operator those of the region, and the nation's all.
        """
        return await reads.of_venues(who, season, region, venue, paging)
