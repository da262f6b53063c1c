"""Trials over HTTP, the catalogue: seasons, diagnostics, competencies, venues and slots."""

from itertools import starmap
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response

from services.trials import handlers
from services.trials.answers import Items, OpenedAnswer, SlotAnswer
from services.trials.api_reads import InCode
from services.trials.catalogue import CompetencyEntry, SeasonRules, VenueEntry
from services.trials.catalogue_views import CompetencyView, DiagnosticView, SeasonView, SlotView, VenueView
from services.trials.gate import NewId
from services.trials.handlers import Offered
from services.trials.instruments import Definition
from services.trials.repository import Store
from services.trials.results import only
from services.trials.slots import SlotOffer
from shared.base.models import Count, Input
from shared.base.side_thread import aside
from shared.contracts.codes import SeasonCode, VenueCode
from shared.http.authorisation import NationalOperator, RegionOperator, VenueOperator
from shared.http.batch import ReadAs, each_parsed
from shared.http.openapi import also, problems
from shared.http.routes import KIB, Route
from shared.programme.moments import Moment
from shared.programme.texts import Ref
from shared.storage.outbox import Clock


class SingleSlot(SlotOffer):
    """A slot that is offered alone."""

    venue: VenueCode
    """Code of the venue where it is held."""
    season: SeasonCode
    occurred_at: Moment | None = None


class TimetableBody(Input):
    """A venue's slots for a season; each is read on its own (shape: a slot without venue and season)."""

    venue: VenueCode
    """Code of the venue where they are held."""
    season: SeasonCode
    occurred_at: Moment | None = None
    slots: Annotated[list[Annotated[Any, ReadAs(SlotOffer)]], Count(1, 200)]
    """Each as the body of `POST /trials/slots` without venue, season and time."""


def catalogue_routes(store: Store, clock: Clock, new_id: NewId) -> APIRouter:
    """The routes by which the catalogue is written."""
    router = APIRouter(route_class=Route)
    router.include_router(_rules_routes(store, clock))
    router.include_router(_venue_routes(store, clock, new_id))
    return router


def _rules_routes(store: Store, clock: Clock) -> APIRouter:
    router = APIRouter(route_class=Route)

    @router.put("/seasons/{season}", responses=problems({409: ["code-taken", "season-in-use"]}))
    async def define_season(season: InCode, rules: SeasonRules, who: NationalOperator) -> SeasonView:
        """Sets a season's rules; 409 `season-in-use` for a change after the season's first fact."""
        return SeasonView.of(await handlers.define_season(store, season, rules, clock()))

    @router.put(
        "/diagnostics/{code}", max_body_size=256 * KIB, responses=problems({409: ["code-taken", "instrument-in-use"]})
    )
    async def define_diagnostic(code: InCode, definition: Definition, who: NationalOperator) -> DiagnosticView:
        """Publishes an instrument; 409 `instrument-in-use` for a change after its first attempt."""
        return DiagnosticView.model_validate((await handlers.define_instrument(store, code, definition)).model_dump())

    @router.put("/competencies/{code}", responses=problems({409: ["code-taken"]}))
    async def approve_competency(code: InCode, entry: CompetencyEntry, who: NationalOperator) -> CompetencyView:
        """Approves a competency, or renames it: the catalogue of competencies is the nation's."""
        approved = await handlers.approve_competency(store, code, entry, clock())
        return CompetencyView(code=approved.id, name=approved.name)

    return router


def _venue_routes(store: Store, clock: Clock, new_id: NewId) -> APIRouter:
    router = APIRouter(route_class=Route)

    @router.put("/venues/{code}", responses=problems({409: ["code-taken", "organisation-unknown", "venue-taken"]}))
    async def register_venue(code: InCode, entry: VenueEntry, who: RegionOperator) -> VenueView:
        """Enters a venue into the registry of a season."""
        return VenueView.of(await handlers.register_venue(store, code, entry, who, clock()))

    @router.post(
        "/slots",
        status_code=201,
        responses=also(OpenedAnswer) | problems({409: ["organisation-unknown", "ref-reused", "venue-not-in-season"]}),
    )
    async def open_slot(
        body: SingleSlot,
        who: VenueOperator,
        response: Response,
        idempotency_key: Annotated[Ref | None, Header()] = None,
    ) -> OpenedAnswer:
        """Opens a slot; 200 where the ref (or else the Idempotency-Key) names one that is open already."""
        offer = body if body.ref else body.model_copy(update={"ref": idempotency_key})
        plain = SlotOffer.model_construct(**offer.model_dump(include=set(SlotOffer.model_fields)))
        results = await handlers.open_slots(
            store, body.venue, body.season, [Offered("", plain)], body.occurred_at, who, clock(), new_id
        )
        done = only(results, {} if body.ref else {"/ref": "header:Idempotency-Key"})
        response.status_code = 201 if done.new else 200
        shown = SlotView.of(done.value).model_dump()
        return OpenedAnswer(**shown, status="opened" if done.new else "known")

    @router.post(
        "/slots/batch",
        max_body_size=320 * KIB,
        response_model_exclude_none=True,
        responses=problems({409: ["organisation-unknown", "venue-not-in-season"]}),
    )
    async def open_slots(body: TimetableBody, who: VenueOperator) -> Items[SlotAnswer]:
        """Publishes a timetable of at most 200 slots, item by item."""
        read = await each_parsed(SlotOffer, body.slots, "/slots")
        offered = [Offered(f"/slots/{i}", offer) for i, offer in enumerate(read)]
        results = await handlers.open_slots(
            store, body.venue, body.season, offered, body.occurred_at, who, clock(), new_id
        )
        return Items(
            items=await aside(lambda: list(starmap(SlotAnswer.of, zip(body.slots, results, strict=True))), len(results))
        )

    return router
