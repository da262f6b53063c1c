"""The route by which a school goes into its new school year."""

from fastapi import APIRouter

from services.registration.answers.promotions import PromotionView
from services.registration.api.parameters import InCode
from services.registration.domain.promotions import PromotionRequest
from services.registration.handlers import promotions
from services.registration.repository import Repository
from shared.http.authorisation import SchoolStaff
from shared.http.openapi import problems
from shared.http.routes import router_of
from shared.storage.outbox import Clock

LARGEST_PROMOTION = 256 * 1024


def routes(repository: Repository, clock: Clock) -> APIRouter:
    """Returns the route of promotions."""
    router = router_of("registration")

    @router.post(
        "/schools/{code}/promotions",
        max_body_size=LARGEST_PROMOTION,
        responses=problems({404: ["school-unknown"], 409: ["organisation-closed", "promoted-already"]}),
    )
    async def promote(who: SchoolStaff, code: InCode, request: PromotionRequest) -> PromotionView:
        """Takes every pupil of a school to the next class from a day on; those of the last grade leave.

        The same again changes nothing, and goes on where it was broken off, on the same day. Who enters the new season
        is said by its rosters.
        """
        return PromotionView.of(request.year, await promotions.promote(repository, who, code, request, clock()))

    return router
