"""Trials over HTTP, reads of the catalogue: for everyone who has a token, page by page, with entity tags."""

from typing import Annotated, get_args

from fastapi import APIRouter, Path, Query, Response

from services.trials.catalogue_reads import CatalogueReads
from services.trials.catalogue_views import (
    CompetencyPage,
    CompetencyView,
    DiagnosticPage,
    DiagnosticView,
    NamedSeason,
    NamedSlot,
    NamedVenue,
    SeasonPage,
    SlotPage,
    VenuePage,
)
from shared.contracts.codes import Code, CompetencyCode, OrganisationCode, SeasonCode, VenueCode
from shared.http.authorisation import admit
from shared.http.entity_tags import Known
from shared.http.openapi import problems
from shared.http.paging import Paged
from shared.http.routes import Route
from shared.identity.grants import Role
from shared.identity.principal import Principal
from shared.programme.texts import Id

Anyone = Annotated[Principal, admit(*get_args(Role))]
InCode = Annotated[Code, Path(description="The entry's own code in the catalogue; it never changes.")]
SlotId = Annotated[Id, Path(description="Id of the slot.")]
InRegion = Annotated[OrganisationCode | None, Query(description="what lies in this region alone")]
UNKNOWN = problems({404: ["not-found"]})


def reading_routes(reads: CatalogueReads) -> APIRouter:
    """The routes by which the catalogue is read."""
    router = APIRouter(route_class=Route)
    router.include_router(_rules_routes(reads))
    router.include_router(_place_routes(reads))
    return router


def _rules_routes(reads: CatalogueReads) -> APIRouter:
    router = APIRouter(route_class=Route)

    @router.get("/seasons", response_model=SeasonPage)
    async def seasons(who: Anyone, paging: Paged, known: Known) -> Response:
        """Seasons with their rules, by code."""
        return known.answer(await reads.seasons(paging))

    @router.get("/seasons/{code}", response_model=NamedSeason, responses=UNKNOWN)
    async def season(who: Anyone, code: InCode, known: Known) -> Response:
        """One season with its rules."""
        return known.answer(await reads.season(code))

    @router.get("/diagnostics", response_model=DiagnosticPage)
    async def diagnostics(who: Anyone, paging: Paged, known: Known) -> Response:
        """Diagnostics by code, without their items."""
        return known.answer(await reads.diagnostics(paging))

    @router.get("/diagnostics/{code}", response_model=DiagnosticView, responses=UNKNOWN)
    async def diagnostic(who: Anyone, code: InCode, known: Known) -> Response:
        """One diagnostic with its scales, options and items."""
        return known.answer(await reads.diagnostic(code))

    @router.get("/competencies", response_model=CompetencyPage)
    async def competencies(who: Anyone, paging: Paged, known: Known) -> Response:
        """Approved competencies by code."""
        return known.answer(await reads.competencies(paging))

    @router.get("/competencies/{code}", response_model=CompetencyView, responses=UNKNOWN)
    async def competency(who: Anyone, code: InCode, known: Known) -> Response:
        """One approved competency."""
        return known.answer(await reads.competency(code))

    return router


def _place_routes(reads: CatalogueReads) -> APIRouter:
    router = APIRouter(route_class=Route)

    @router.get("/venues", response_model=VenuePage)
    async def venues(
        who: Anyone,
        paging: Paged,
        known: Known,
        season: Annotated[SeasonCode | None, Query(description="those in the registry of this season alone")] = None,
        region: InRegion = None,
        municipality: Annotated[OrganisationCode | None, Query(description="those in this municipality alone")] = None,
        organisation: Annotated[OrganisationCode | None, Query(description="those of this owner alone")] = None,
    ) -> Response:
        """Venues by code, all or those of a season's registry, a place or an owner."""
        asked = {"season": season, "region": region, "municipality": municipality, "organisation": organisation}
        return known.answer(await reads.venues(asked, paging))

    @router.get("/venues/{code}", response_model=NamedVenue, responses=UNKNOWN)
    async def venue(who: Anyone, code: InCode, known: Known) -> Response:
        """One venue with its registry by season."""
        return known.answer(await reads.venue(code))

    @router.get("/slots", response_model=SlotPage)
    async def slots(
        who: Anyone,
        paging: Paged,
        known: Known,
        season: SeasonCode,
        region: InRegion = None,
        venue: Annotated[VenueCode | None, Query(description="the slots of this venue alone")] = None,
        competency: Annotated[CompetencyCode | None, Query(description="the slots of this competency alone")] = None,
    ) -> Response:
        """Slots of a season with their open seats, the earliest first."""
        asked = {"season": season, "region": region, "venue": venue, "competency": competency}
        return known.answer(await reads.slots(asked, paging))

    @router.get("/slots/{id}", response_model=NamedSlot, responses=UNKNOWN)
    async def slot(who: Anyone, id: SlotId, known: Known) -> Response:
        """One slot with its open seats."""
        return known.answer(await reads.slot(id))

    return router
