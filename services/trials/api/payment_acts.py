"""Trials over HTTP: acts for payment."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from services.trials.answers.payment_acts import ActDraftView, ActPage, LinePage, NamedAct, UnpricedView
from services.trials.api.reading import InCode
from services.trials.domain.money.payment_acts import Payment, Signing
from services.trials.domain.money.payment_drafts import Draft, Period, sums
from services.trials.handlers import payment_acts
from services.trials.reads.payment_acts import PaymentReads
from services.trials.repository import Repository
from shared.contracts.codes import OrganisationCode, SeasonCode
from shared.http.authorisation import RegionOperator, VenueOperator
from shared.http.openapi import also, problems
from shared.http.paging import Paged
from shared.http.routes import router_of
from shared.programme.moments import SeasonDay
from shared.programme.texts import Id
from shared.storage.decision import NewId
from shared.storage.outbox import Clock

ActId = Annotated[Id, Path(description="Id of the act.")]
OfSeason = Annotated[SeasonCode | None, Query(description="those of this season alone")]
FirstDay = Annotated[SeasonDay, Query(description="first day of the period, by the venue's calendar")]
LastDay = Annotated[SeasonDay, Query(description="last day, included")]
UNSIGNED = (
    "act-changed",
    "act-too-long",
    "nothing-to-pay",
    "organisation-unknown",
    "period-not-over",
    "rate-missing",
    "ref-reused",
)
UNKNOWN = problems({404: ["not-found"]})


def routes(repository: Repository, reads: PaymentReads, clock: Clock, new_id: NewId) -> APIRouter:
    """Returns the routes by which acts are drafted, signed, paid and read."""
    router = router_of("trials")
    _add_of_venue(router, repository, reads)
    _add_steps(router, repository, reads, clock, new_id)
    _add_reads(router, repository, reads)
    return router


def _add_of_venue(router: APIRouter, repository: Repository, reads: PaymentReads) -> None:
    @router.get("/venues/{code}/payment-acts/draft", responses=UNKNOWN)
    async def draft_act(
        code: InCode, who: VenueOperator, season: SeasonCode, begins: FirstDay, ends: LastDay
    ) -> ActDraftView:
        """The act of a venue for a period, as it would be signed now: what it has attended and no act has yet.

        What was taken back since an act paid it is in the next draft, of whatever period, with a sum below zero.
        """
        drafted = await payment_acts.drafted(repository, code, Period(season, begins, ends), who)
        return _shown(code, drafted)

    @router.get("/venues/{code}/payment-acts", responses=UNKNOWN)
    async def acts_of_venue(code: InCode, who: VenueOperator, paging: Paged, season: OfSeason = None) -> ActPage:
        """A venue's acts, the newest first."""
        return await reads.of_venue(who, code, {"season": season}, paging)


def _add_steps(router: APIRouter, repository: Repository, reads: PaymentReads, clock: Clock, new_id: NewId) -> None:
    @router.post(
        "/venues/{code}/payment-acts",
        status_code=201,
        responses=also(NamedAct) | problems({404: ["not-found"], 409: UNSIGNED}),
    )
    async def sign_act(code: InCode, signing: Signing, who: RegionOperator, response: Response) -> NamedAct:
        """Signs the draft of a period: numbered, it never changes; the same `ref` again changes nothing (200).

        The draft's sum and number of lines are repeated; where they are others by now, nothing is signed.
        """
        done = await payment_acts.sign(repository, code, signing, who, clock(), new_id)
        response.status_code = 201 if done.new else 200
        return await reads.named(done.value)

    @router.post("/payment-acts/{act}/payment", responses=problems({404: ["not-found"], 409: ["organisation-unknown"]}))
    async def pay_act(act: ActId, payment: Payment, who: RegionOperator) -> NamedAct:
        """Notes that an act was paid; again, it changes nothing."""
        return await reads.named(await payment_acts.pay(repository, act, payment, who, clock()))


def _add_reads(router: APIRouter, repository: Repository, reads: PaymentReads) -> None:
    @router.get("/payment-acts")
    async def acts_of_region(
        region: Annotated[OrganisationCode, Query(description="the region whose venues are paid")],
        who: RegionOperator,
        paging: Paged,
        season: OfSeason = None,
    ) -> ActPage:
        """The acts of a region's venues, the newest first."""
        return await reads.of_region(who, region, {"season": season}, paging)

    @router.get("/payment-acts/{act}", responses=UNKNOWN)
    async def signed_act(act: ActId, who: VenueOperator) -> NamedAct:
        """One act: its sums by rate, and whether it was paid."""
        return await reads.named(await payment_acts.found(repository, act, who))

    @router.get("/payment-acts/{act}/lines", responses=UNKNOWN)
    async def lines_of_act(act: ActId, who: VenueOperator, paging: Paged) -> LinePage:
        """The lines of an act by attendance: ids and sums; `registration` prints them with names."""
        await payment_acts.found(repository, act, who)
        return await reads.lines(act, paging)


def _shown(venue: str, drafted: Draft) -> ActDraftView:
    unpriced = [
        UnpricedView(competency=competency, attendances=count) for competency, count in sorted(drafted.unpriced.items())
    ]
    return ActDraftView(
        venue=venue,
        **drafted.period._asdict(),
        pupils=drafted.pupils,
        lines=len(drafted.lines),
        kopecks=drafted.kopecks,
        sums=sums(drafted.lines),
        unpriced=tuple(unpriced),
    )
