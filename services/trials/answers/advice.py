"""A recommendation as it is shown: with its reasons, professions, trials to try next, and where to go on."""

from services.trials.domain.catalogue.education import EducationProgramme
from services.trials.domain.catalogue.wording import Label, Words
from services.trials.domain.path.advice import AnyGround, Profession
from services.trials.domain.path.path_parts import Recommendation
from shared.base.models import Answer
from shared.http.paging import Page


class AdviceView(Answer):
    """A season's rules of advice."""

    season: str
    """Code of the season."""
    grounds: tuple[AnyGround, ...]
    """All that speaks for competencies."""
    professions: tuple[Profession, ...]
    """The professions that are recommended with competencies."""


class EducationPage(Page[EducationProgramme]):
    """Education programmes of a region by their codes."""


class EducationCount(Answer):
    """The outcome of an import of education programmes."""

    region: str
    """Code of the region."""
    programmes: int
    """The programmes that the region has by now."""


class AdvisedCompetency(Answer):
    """A competency with the reasons for it."""

    competency: str
    """Code of the competency."""
    competency_name: str | None
    """Name of the competency, in Russian; null while its definition is missing."""
    because: list[Words]
    """The reasons, each a text in both languages; none where they were destroyed or lost."""


class AdvisedProfession(Answer):
    """A profession that rests on what is recommended."""

    profession: str
    """Code of the profession."""
    name: Label
    """Name of the profession in both languages."""
    competencies: tuple[str, ...]
    """Codes of the recommended competencies on which it rests."""


class RecommendationView(Recommendation):
    """The individual recommendation in force, with names and reasons."""

    competency_names: dict[str, str | None]
    """Code of a competency → its name."""
    reasons: list[AdvisedCompetency]
    """The recommended competencies in their order, each with why it is recommended."""
    professions: list[AdvisedProfession]
    """Professions that rest on them, the most fitting first."""
    next: list[AdvisedCompetency]
    """Competencies that the pupil has not tried yet and for which something speaks, the most fitting first."""
    education: list[EducationProgramme]
    """Programmes of the pupil's region that go on with what is recommended, by their codes; ten at most."""
