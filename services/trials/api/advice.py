"""Trials over HTTP: the rules of advice of a season, and the education programmes of a region."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from services.trials.answers.advice import AdviceView, EducationCount, EducationPage
from services.trials.answers.shown import shown
from services.trials.api.reading import UNKNOWN
from services.trials.domain.catalogue.education import EducationList
from services.trials.domain.path.advice import AdviceRules
from services.trials.handlers import advice
from services.trials.reads.advice import AdviceReads
from services.trials.repository import Repository
from shared.contracts.codes import CompetencyCode, OrganisationCode, SeasonCode
from shared.http.authorisation import Anyone, NationalOperator, RegionOperator
from shared.http.entity_tags import Known
from shared.http.openapi import problems
from shared.http.paging import Paged
from shared.http.routes import KIB, router_of

LARGEST = 1024 * KIB
OfSeason = Annotated[SeasonCode, Path(description="Code of the season.")]
OfRegion = Annotated[OrganisationCode, Path(description="Code of the region.")]
GoingOn = Annotated[CompetencyCode | None, Query(description="those that go on with this competency alone")]


def routes(repository: Repository, reads: AdviceReads) -> APIRouter:
    """Returns the routes by which rules of advice and education programmes are written and read."""
    router = router_of("trials")

    @router.put(
        "/seasons/{season}/advice",
        max_body_size=LARGEST,
        responses=problems({404: ["not-found"], 409: ["advice-in-use", "season-closed"]}),
    )
    async def set_advice(season: OfSeason, rules: AdviceRules, who: NationalOperator) -> AdviceView:
        """Sets the rules by which a season recommends, also in one that had none of its own.

        409 `advice-in-use` for a change of them once the season is in use. What was recommended before stays until its
        causes change.
        """
        return shown(AdviceView, await advice.set_rules(repository, season, rules), season=season)

    @router.get("/seasons/{season}/advice", response_model=AdviceView, responses=UNKNOWN)
    async def advice_of(season: OfSeason, who: Anyone, known: Known) -> Response:
        """The rules by which a season recommends, with their words; those of every season where it has none."""
        return known.answer(await reads.rules(season))

    @router.put(
        "/regions/{region}/education", max_body_size=LARGEST, responses=problems({409: ["organisation-unknown"]})
    )
    async def import_education(region: OfRegion, said: EducationList, who: RegionOperator) -> EducationCount:
        """Takes all education programmes of a region, in place of those of before."""
        programmes = await advice.import_education(repository, region, said, who)
        return EducationCount(region=region, programmes=len(programmes))

    @router.get("/regions/{region}/education", response_model=EducationPage)
    async def education_of(
        region: OfRegion, who: Anyone, paging: Paged, known: Known, competency: GoingOn = None
    ) -> Response:
        """Education programmes of a region by code; none where none were imported."""
        return known.answer(await reads.education(region, competency, paging))

    return router
