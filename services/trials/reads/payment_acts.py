"""Reads of acts for payment and of rates, by the operators of the region and the venue that is paid."""

from datetime import datetime

from services.trials.answers.payment_acts import ActPage, LinePage, LineView, NamedAct, RatePage, RateView
from services.trials.answers.shown import mentioned, shown
from services.trials.collections import PAYMENT_ACTS, PAYMENT_LINES, RATES
from services.trials.domain.money.payment_acts import PaymentAct
from services.trials.domain.money.rates import Rate
from services.trials.payments import line_of
from services.trials.reads.names import names
from shared.base.errors import NotFound
from shared.http.paging import Filter, Listing, Paging
from shared.identity.principal import Principal
from shared.storage.mongo import Document, Mongo

OF_REGION = Listing("payment-acts", {"signed": datetime, "_id": str}, falls=True)
OF_VENUE = Listing("payment-acts-of-venue", {"signed": datetime, "_id": str}, falls=True)
LINES = Listing("payment-lines", {"_id": str})
RATES_BY_ID = Listing("payment-rates", {"_id": str})


class PaymentReads:
    """The lists of acts, their lines, and rates."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo

    async def of_region(self, who: Principal, region: str, asked: Filter, paging: Paging) -> ActPage:
        """Returns a page of a region's acts; raises Forbidden for whoever is not its operator."""
        who.scope.must_cover(region)
        return await self._acts(OF_REGION, {**asked, "region": region}, paging)

    async def of_venue(self, who: Principal, venue: str, asked: Filter, paging: Paging) -> ActPage:
        """Returns a page of a venue's acts; raises NotFound for no venue, Forbidden outside the scope."""
        row = await self._mongo["venues"].find_one({"_id": venue}, {"region": 1, "organisation": 1})
        if row is None:
            raise NotFound.about("code", "no such venue")
        who.scope.must_cover(row["region"], hosts=(row["organisation"], venue))
        return await self._acts(OF_VENUE, {**asked, "venue": venue}, paging)

    async def named(self, act: PaymentAct) -> NamedAct:
        """Returns an act that the caller may see, with names beside codes."""
        (view,) = await self._shown([act])
        return view

    async def lines(self, act: str, paging: Paging) -> LinePage:
        """Returns a page of the lines of an act that the caller may see."""
        rows, onward = await LINES.page(self._mongo[PAYMENT_LINES], {"act": act}, paging, {"act": act})
        return LinePage(items=[shown(LineView, line_of(row)) for row in rows], next=onward)

    async def rates(self, who: Principal, asked: Filter, paging: Paging) -> RatePage:
        """Returns a page of the rates by which anybody is paid for whom the caller speaks."""
        query = {"$and": [_narrowed(asked), await self._paying(who)]}
        rows, onward = await RATES_BY_ID.page(self._mongo[RATES], query, paging, asked)
        rates = (Rate.model_validate(row | {"id": row["_id"]}) for row in rows)
        return RatePage(items=[shown(RateView, rate, rate=rate.id) for rate in rates], next=onward)

    async def _paying(self, who: Principal) -> Document:
        """Returns the condition of rates that hold everywhere, or in a region or for a venue of the caller's."""
        if who.has("national-operator"):
            return {}
        whole = [grant.org for grant in who.grants if grant.role == "regional-operator"]
        own = {"$in": [grant.org for grant in who.grants if grant.role == "venue"]}
        mine: Document = {"$or": [{"_id": own}, {"organisation": own}]}
        venues = await self._mongo["venues"].find(mine, {"region": 1}).to_list(None)
        there = {"$in": sorted({row["region"] for row in venues})}
        theirs = {"$in": [None, *(row["_id"] for row in venues)]}
        return {"$or": [{"region": None}, {"region": {"$in": whole}}, {"region": there, "venue": theirs}]}

    async def _acts(self, listing: Listing, asked: Filter, paging: Paging) -> ActPage:
        rows, onward = await listing.page(self._mongo[PAYMENT_ACTS], _narrowed(asked), paging, asked)
        acts = [PaymentAct.model_validate(row | {"id": row["_id"]}) for row in rows]
        return ActPage(items=await self._shown(acts), next=onward)

    async def _shown(self, acts: list[PaymentAct]) -> list[NamedAct]:
        called = await names(self._mongo, mentioned([(NamedAct, acts)]))
        return [shown(NamedAct, act, called, act=act.id) for act in acts]


def _narrowed(asked: Filter) -> Document:
    return {field: value for field, value in asked.items() if value}
