"""Trials over HTTP: seasons."""

from typing import Annotated

from fastapi import APIRouter, Path

from services.trials.answers.catalogue import SeasonView, coded
from services.trials.answers.shown import shown
from services.trials.answers.terms import SeasonTermsView
from services.trials.api.reading import UNKNOWN, InCode, add_entry, add_list
from services.trials.domain.calendar.season_revisions import MOST_REVISIONS, RevisionEntry
from services.trials.domain.calendar.season_terms import TermsEntry
from services.trials.domain.calendar.seasons import Closing, SeasonRules
from services.trials.handlers import seasons
from services.trials.reads.catalogue import CatalogueReads
from services.trials.repository import Repository
from shared.http.authorisation import Anyone, NationalOperator
from shared.http.openapi import problems
from shared.http.routes import KIB, router_of
from shared.programme.moments import SeasonDay
from shared.storage.outbox import Clock

Since = Annotated[SeasonDay, Path(description="The day from which on they are in force, no earlier one than today.")]

Number = Annotated[int, Path(ge=1, le=MOST_REVISIONS, description="The number of the revision: from 1, without a gap.")]


def routes(repository: Repository, reads: CatalogueReads, clock: Clock) -> APIRouter:
    """Returns the routes by which seasons are written and read."""
    router = router_of("trials")

    @router.put("/seasons/{season}", responses=problems({409: ["code-taken", "season-closed", "season-in-use"]}))
    async def define_season(season: InCode, rules: SeasonRules, who: NationalOperator) -> SeasonView:
        """Sets a season's rules; 409 `season-in-use` for a change after the season's first fact."""
        defined = await seasons.define(repository, season, rules, clock())
        return shown(SeasonView, defined, **coded(defined))

    _end(router, repository, clock)
    _revise(router, repository, clock)
    add_list(router, "seasons", reads.seasons, "Seasons with their rules, by code.")
    add_entry(router, "seasons", "season", reads.seasons, "One season with its rules.")
    return router


def _end(router: APIRouter, repository: Repository, clock: Clock) -> None:
    @router.post("/seasons/{season}/closing", responses=problems({404: ["not-found"], 409: ["season-not-over"]}))
    async def close_season(season: InCode, body: Closing, who: NationalOperator) -> SeasonView:
        """Closes a season whose last day is over: from then on only corrections are recorded; again, it is the same."""
        closed = await seasons.close(repository, season, body, clock())
        return shown(SeasonView, closed, **coded(closed))

    @router.put(
        "/seasons/{season}/revisions/{revision}",
        responses=problems({404: ["not-found"], 409: ["revision-not-next", "revision-published", "season-open"]}),
    )
    async def correct_season(
        season: InCode, revision: Number, body: RevisionEntry, who: NationalOperator
    ) -> SeasonView:
        """Publishes the next revision of a closed season: figures count what was corrected until now from then on.

        The same number with the same reason again changes nothing. Between revisions corrections change no figure.
        """
        corrected = await seasons.correct(repository, season, revision, body, clock())
        return shown(SeasonView, corrected, **coded(corrected))


def _revise(router: APIRouter, repository: Repository, clock: Clock) -> None:
    @router.put(
        "/seasons/{season}/terms/{since}",
        max_body_size=160 * KIB,
        responses=problems({404: ["not-found"], 409: ["season-closed", "too-many-versions"]}),
    )
    async def revise_season(season: InCode, since: Since, body: TermsEntry, who: NationalOperator) -> SeasonTermsView:
        """Sets the terms of a season from a day on: booking limits, last days of stages, texts; again, it is the same.

        Unlike its rules they may change while it runs. An act is judged by the terms of its day.
        """
        now = clock()
        return SeasonTermsView.of(await seasons.revise(repository, season, since, body, now), now)

    @router.get("/seasons/{season}/terms", responses=UNKNOWN)
    async def terms(season: InCode, who: Anyone) -> SeasonTermsView:
        """Shows the terms of a season that are in force now, and their history."""
        return SeasonTermsView.of(await seasons.named(repository, season), clock())
