"""Trials over HTTP: venues."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.trials.answers.catalogue import VenueView
from services.trials.answers.shown import shown
from services.trials.api.reading import InCode, InRegion, OfGrade, add_entry, add_list
from services.trials.domain.places.needs import Need
from services.trials.domain.places.venues import VenueEntry
from services.trials.handlers import venues
from services.trials.reads.catalogue import CatalogueReads
from services.trials.repository import Repository
from shared.contracts.codes import OrganisationCode, SeasonCode
from shared.http.authorisation import RegionOperator
from shared.http.openapi import problems
from shared.http.paging import Filter
from shared.http.routes import router_of
from shared.storage.outbox import Clock


def routes(repository: Repository, reads: CatalogueReads, clock: Clock) -> APIRouter:
    """Returns the routes by which venues are written and read."""
    router = router_of("trials")

    @router.put(
        "/venues/{code}",
        responses=problems(
            {409: ["code-taken", "organisation-closed", "organisation-unknown", "season-closed", "venue-taken"]}
        ),
    )
    async def register_venue(code: InCode, entry: VenueEntry, who: RegionOperator) -> VenueView:
        """Enters a venue into the registry of a season."""
        venue = await venues.register(repository, code, entry, who, clock())
        return shown(VenueView, venue, venue=venue.id)

    listed = "Venues by code, all or those of a season's registry, a place or an owner."
    add_list(router, "venues", reads.venues, listed, _narrowed)
    add_entry(router, "venues", "venue", reads.venues, "One venue with its registry by season.")
    return router


async def _narrowed(
    season: Annotated[SeasonCode | None, Query(description="those in the registry of this season alone")] = None,
    region: InRegion = None,
    municipality: Annotated[OrganisationCode | None, Query(description="those in this municipality alone")] = None,
    organisation: Annotated[OrganisationCode | None, Query(description="those of this owner alone")] = None,
    grade: OfGrade = None,
    accessibility: Annotated[Need | None, Query(description="those that say they serve this need alone")] = None,
) -> Filter:
    places = {"region": region, "municipality": municipality, "organisation": organisation}
    return {"season": season, **places, "grade": None if grade is None else str(grade), "need": accessibility}
