"""Trials over HTTP: rates by which venues are paid."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.trials.answers.payment_acts import RatePage, RateView
from services.trials.answers.shown import shown
from services.trials.api.reading import InRegion
from services.trials.domain.money.rates import RateEntry
from services.trials.handlers import rates
from services.trials.reads.payment_acts import PaymentReads
from services.trials.repository import Repository
from shared.contracts.codes import SeasonCode, VenueCode
from shared.http.authorisation import RegionOperator, VenueOperator
from shared.http.paging import Paged
from shared.http.routes import router_of
from shared.storage.outbox import Clock


def routes(repository: Repository, reads: PaymentReads, clock: Clock) -> APIRouter:
    """Returns the routes by which rates are set and read."""
    router = router_of("trials")

    @router.post("/rates")
    async def set_rate(entry: RateEntry, who: RegionOperator) -> RateView:
        """Sets what an attendance is worth from a day on; for the same scope and day it corrects the sum.

        Of the rates that hold for a slot that one pays which names its venue, or else its programme, its competency,
        its kind or its region, and of several the newest. Acts that were signed keep their sums.
        """
        rate = await rates.put(repository, entry, who, clock())
        return shown(RateView, rate, rate=rate.id)

    @router.get("/rates")
    async def listed(
        who: VenueOperator,
        paging: Paged,
        season: Annotated[SeasonCode | None, Query(description="those of this season alone")] = None,
        region: InRegion = None,
        venue: Annotated[VenueCode | None, Query(description="those that name this venue alone")] = None,
    ) -> RatePage:
        """Rates by season, region and venue; what a rate leaves open is null.

        The nation's operator sees all, others those that hold everywhere or in a region of theirs; a venue sees of
        those that name a venue its own alone.
        """
        return await reads.rates(who, {"season": season, "region": region, "venue": venue}, paging)

    return router
