"""Reads of advice: a season's rules, a region's education programmes, and all that is shown of a recommendation."""

from collections.abc import Iterable, Mapping

from services.trials.answers.advice import (
    AdviceView,
    AdvisedCompetency,
    AdvisedProfession,
    EducationPage,
    RecommendationView,
)
from services.trials.answers.shown import Names, shown
from services.trials.domain.catalogue.diagnostics import Attempt
from services.trials.domain.catalogue.wording import Label
from services.trials.domain.path.advice import UNWRITTEN, Advice
from services.trials.domain.path.paths import Path
from services.trials.domain.path.recommending import Advised, Profiles, causes_of, recommend
from services.trials.reads.names import names
from services.trials.repository import Repository
from shared.base.errors import NotFound
from shared.http.paging import Listing, Paging
from shared.storage.mongo import Mongo

EDUCATION = Listing("education", {"code": str})
MOST_SHOWN = 10


class AdviceReads:
    """Reads of rules and programmes, which whoever has a token may make."""

    def __init__(self, mongo: Mongo, repository: Repository) -> None:
        self._mongo = mongo
        self._repository = repository

    async def rules(self, season: str) -> AdviceView:
        """Returns a season's rules, those of all where it has none of its own; raises NotFound for no season."""
        if not await self._repository.seasons.load([season]):
            raise NotFound.about("season", "no such season")
        rules = (await self._repository.advice.load([season])).get(season, UNWRITTEN)
        return shown(AdviceView, rules, season=season)

    async def education(self, region: str, competency: str | None, paging: Paging) -> EducationPage:
        """Returns a page of a region's education programmes, all or those that go on with a competency."""
        found = await self._repository.education.of(region, None if competency is None else [competency])
        asked = {"region": region, "competency": competency}
        page, onward = EDUCATION.cut(found, lambda one: [one.code], paging, asked)
        return EducationPage(items=page, next=onward)

    async def recommendation(self, path: Path, attempts: Iterable[Attempt], region: str) -> RecommendationView | None:
        """Returns the recommendation in force of a path with its reasons by what stands; None where there is none."""
        known = path.in_force
        if known is None:
            return None
        advice = (await self._repository.advice.load([path.season])).get(path.season, UNWRITTEN)
        by_path = {id: [a for a in attempts if a.path == id] for id in {a.path for a in attempts}}
        said = recommend(advice, causes_of(path, Profiles(by_path)))
        called = await names(self._mongo, {"competency": {*known.competencies, *(one.code for one in said.untried)}})
        why = {advised.code: advised for advised in said.ranked}
        mine = [why.get(code, Advised(code, 0, ())) for code in known.competencies]
        education = await self._repository.education.of(region, known.competencies) if known.competencies else []
        return shown(
            RecommendationView,
            known,
            called,
            reasons=[_competency(one, advice, called) for one in mine],
            professions=_professions(said.professions, advice),
            next=[_competency(one, advice, called) for one in said.untried],
            education=sorted(education, key=lambda one: one.code)[:MOST_SHOWN],
        )


def _competency(advised: Advised, advice: Advice, called: Names) -> AdvisedCompetency:
    because = [advice.because[code] for code in advised.because]
    name = called.of("competency", advised.code)
    return AdvisedCompetency(competency=advised.code, competency_name=name, because=because)


def _professions(advised: Iterable[Advised], advice: Advice) -> list[AdvisedProfession]:
    called: Mapping[str, Label] = {one.code: one.name for one in advice.professions}
    return [AdvisedProfession(profession=one.code, name=called[one.code], competencies=one.because) for one in advised]
