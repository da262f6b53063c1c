"""Trials over HTTP: seasons."""

from fastapi import APIRouter

from services.trials.answers.catalogue import SeasonView
from services.trials.answers.shown import shown
from services.trials.api.reading import InCode, add_entry, add_list
from services.trials.domain.seasons import Closing, SeasonRules
from services.trials.handlers import seasons
from services.trials.reads.catalogue import CatalogueReads
from services.trials.repository import Repository
from shared.http.authorisation import NationalOperator
from shared.http.openapi import problems
from shared.http.routes import router_of
from shared.storage.outbox import Clock


def routes(repository: Repository, reads: CatalogueReads, clock: Clock) -> APIRouter:
    """Returns the routes by which seasons are written and read."""
    router = router_of("trials")

    @router.put("/seasons/{season}", responses=problems({409: ["code-taken", "season-closed", "season-in-use"]}))
    async def define_season(season: InCode, rules: SeasonRules, who: NationalOperator) -> SeasonView:
        """Sets a season's rules; 409 `season-in-use` for a change after the season's first fact."""
        defined = await seasons.define(repository, season, rules, clock())
        return shown(SeasonView, defined, season=defined.id)

    @router.post("/seasons/{season}/closing", responses=problems({404: ["not-found"], 409: ["season-not-over"]}))
    async def close_season(season: InCode, body: Closing, who: NationalOperator) -> SeasonView:
        """Closes a season whose last day is over: from then on only corrections are recorded; again, it is the same."""
        closed = await seasons.close(repository, season, body, clock())
        return shown(SeasonView, closed, season=closed.id)

    add_list(router, "seasons", reads.seasons, "Seasons with their rules, by code.")
    add_entry(router, "seasons", "season", reads.seasons, "One season with its rules.")
    return router
