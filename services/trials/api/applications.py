"""Trials over HTTP: venues ask for their place in a season's registry, and operators decide."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from services.trials.answers.applications import ApplicationPage, ApplicationView
from services.trials.api.reading import InCode
from services.trials.domain.places.applications import (
    ApplicationState,
    RegistryDecision,
    RegistryWithdrawal,
    application_id,
)
from services.trials.domain.places.venues import VenueEntry
from services.trials.handlers import applications, venues
from services.trials.reads.applications import ApplicationReads, shown
from services.trials.repository import Repository
from shared.contracts.codes import OrganisationCode, SeasonCode
from shared.http.authorisation import RegionOperator, VenueOperator
from shared.http.openapi import also, problems
from shared.http.paging import Paged
from shared.http.routes import router_of
from shared.storage.outbox import Clock

REFUSED = ("code-taken", "organisation-closed", "organisation-unknown", "season-closed", "venue-taken")
OfSeason = Annotated[SeasonCode, Path(description="Code of the season.")]


def routes(repository: Repository, reads: ApplicationReads, clock: Clock) -> APIRouter:
    """Returns the routes by which venues apply, are decided upon and withdrawn."""
    router = router_of("trials")
    _add_asking(router, repository, clock)
    _add_answers(router, repository, clock)
    _add_reads(router, reads)
    return router


def _add_asking(router: APIRouter, repository: Repository, clock: Clock) -> None:
    @router.post(
        "/venues/{code}/applications",
        status_code=201,
        responses=also(ApplicationView) | problems({409: [*REFUSED, "too-many-applications"]}),
    )
    async def apply_for_registry(
        code: InCode, entry: VenueEntry, who: VenueOperator, response: Response
    ) -> ApplicationView:
        """Asks for a venue's place in a season's registry, or for a change of it; 200 where that changes nothing."""
        done = await applications.ask(repository, code, entry, who, clock())
        response.status_code = 201 if done.new else 200
        return shown(done.value, who)


def _add_answers(router: APIRouter, repository: Repository, clock: Clock) -> None:
    one = "/venues/{code}/applications/{season}"

    @router.post(f"{one}/decision", responses=problems({404: ["not-found"], 409: [*REFUSED, "not-asked"]}))
    async def decide_application(
        code: InCode, season: OfSeason, decision: RegistryDecision, who: RegionOperator
    ) -> ApplicationView:
        """Lets the venue in as it asked, or refuses it; the federal registry is the national operator's."""
        id = application_id(code, season)
        return shown(await applications.decide(repository, id, decision, who, clock()), who)

    @router.post(f"{one}/withdrawal", responses=problems({404: ["not-found"], 409: ["organisation-unknown"]}))
    async def withdraw_from_registry(
        code: InCode, season: OfSeason, ended: RegistryWithdrawal, who: VenueOperator
    ) -> ApplicationView:
        """Takes an application back, or the venue out of the registry: open slots stay, and no new ones are opened."""
        return shown(await venues.withdraw(repository, code, season, ended, who, clock()), who)


def _add_reads(router: APIRouter, reads: ApplicationReads) -> None:
    @router.get("/venues/{code}/applications", responses=problems({404: ["not-found"]}))
    async def applications_of_venue(code: InCode, who: VenueOperator, paging: Paged) -> ApplicationPage:
        """A venue's applications by season, with their history."""
        return await reads.of_venue(who, code, paging)

    @router.get("/applications")
    async def applications_of_region(
        region: Annotated[OrganisationCode, Query(description="the region whose venues apply")],
        who: RegionOperator,
        paging: Paged,
        season: Annotated[SeasonCode | None, Query(description="those for this season alone")] = None,
        state: Annotated[ApplicationState | None, Query(description="those that stand so alone")] = None,
    ) -> ApplicationPage:
        """The applications of a region's venues, as `state=asked` those that wait for a decision."""
        return await reads.of_region(who, region, {"season": season, "state": state}, paging)
