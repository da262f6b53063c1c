"""The route by which the regions of the standard are entered at the beginning."""

from fastapi import APIRouter

from services.registration.answers.organisations import RegionsView
from services.registration.handlers.regions import RegionsRequest, enter_regions
from services.registration.repository import Repository
from shared.http.authorisation import NationalOperator
from shared.http.routes import router_of
from shared.storage.outbox import Clock


def routes(repository: Repository, clock: Clock) -> APIRouter:
    """Returns the route of regions."""
    router = router_of("registration")

    @router.post("/regions")
    async def enter_standard_regions(who: NationalOperator, request: RegionsRequest) -> RegionsView:
        """Enters the regions of ISO 3166-2:RU with their Russian names and clocks; those that are there stay.

        The same again enters nothing. Regions that the standard does not list are entered one by one.
        """
        entered = await enter_regions(repository, who, request, clock())
        return RegionsView(entered=entered.entered, known=entered.known, taken=entered.taken)

    return router
