"""The public routes of a region's figures: without a token, under disclosure control."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from services.analytics.api.figures import RegionCode
from services.analytics.disclosure import answers
from services.analytics.disclosure.answers import PublicCompetencies, PublicFigures, PublicFunnel, PublicRanking
from services.analytics.disclosure.forms import PUPILS
from services.analytics.disclosure.releases import Release, Releases
from services.analytics.disclosure.tables import PUPILS_BY_STAGE, TRIALS_BY_COMPETENCY
from services.analytics.figures.reading import Asked
from shared.contracts.codes import SeasonCode
from shared.http.entity_tags import Conditional, Known
from shared.http.openapi import problems
from shared.http.routes import router_of
from shared.storage.outbox import Clock

REFUSALS = problems({404: ["region-unknown", "season-unknown"], 429: ["quota-exceeded"]})
MinN = Annotated[int, Query(ge=PUPILS, le=1_000_000, description="least number of tested pupils that is ranked")]


def routes(releases: Releases, clock: Clock) -> APIRouter:
    """Returns the routes under `/analytics/public`; who asks is counted by address, as whoever has no valid token."""
    router = router_of("analytics")

    async def asked(request: Request, code: RegionCode, season: SeasonCode) -> Asked:
        await request.app.state.limits.refuse(request.scope)
        return Asked(code, season, None, clock())

    def told(known: Conditional, figures: PublicFigures, of: Release, question: Asked) -> Response:
        seconds = releases.seconds_left(of, question.now)
        return known.answer(figures, caching={"Cache-Control": f"public, max-age={seconds}"})

    Question = Annotated[Asked, Depends(asked)]

    @router.get("/public/regions/{code}/funnel", response_model=PublicFunnel, responses=REFUSALS)
    async def public_funnel(question: Question, known: Known) -> Response:
        """Distinct pupils at each stage, in the region and by municipality, without a token: of the last release."""
        found = await releases.current(PUPILS_BY_STAGE, question)
        return told(known, answers.funnel(found), found, question)

    @router.get("/public/regions/{code}/ranking", response_model=PublicRanking, responses=REFUSALS)
    async def public_ranking(question: Question, known: Known, min_n: MinN = 10) -> Response:
        """Municipalities by the share of the tested who completed the season, without a token: of the last release."""
        found = await releases.current(PUPILS_BY_STAGE, question)
        return told(known, answers.ranking(found, min_n), found, question)

    @router.get("/public/regions/{code}/competencies", response_model=PublicCompetencies, responses=REFUSALS)
    async def public_competencies(question: Question, known: Known) -> Response:
        """Competencies by attendances of trials, without a token: of the last release."""
        found = await releases.current(TRIALS_BY_COMPETENCY, question)
        return told(known, answers.competencies(found), found, question)

    return router
