"""The rules of a season's advice: what speaks for a competency, how strongly, and in which words. Data, no code."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, field_validator
from pydantic_core import PydanticCustomError

from services.trials.domain.catalogue.definitions import Part
from services.trials.domain.catalogue.wording import Named, Words
from shared.base.errors import Conflict
from shared.base.models import Count, Input
from shared.contracts.codes import Code, CompetencyCode, DiagnosticCode

MOST_GROUNDS = 200


class Ground(Part):
    """A ground on which competencies are recommended."""

    points: Annotated[int, Field(ge=1, le=100)]
    """Points that a competency gains by it; those of all grounds are added up, and the most points come first."""
    because: Words
    """Says to the pupil and the family why, beginning with “because”: it stands behind the competency's name."""


class Tried(Ground):
    """Speaks for each competency of which the pupil attended a practical trial."""

    kind: Literal["tried"]
    """The ground is a practical trial."""


class Visited(Ground):
    """Speaks for each competency that the pupil knows from activities of other kinds alone."""

    kind: Literal["visited"]
    """The ground is an excursion, a master class, or another activity that is no trial."""


class Marked(Ground):
    """Speaks for each competency whose practical trials a mentor marked so highly, on the average."""

    kind: Literal["marked"]
    """The ground is the mentors' feedback."""
    at_least: Annotated[int, Field(ge=1, le=5)]
    """It speaks where the mean of the marks is at least this."""
    criterion: Code | None = None
    """Code of the one criterion whose marks count, in whichever programme; left out, all do."""


class Leaning(Ground):
    """Speaks for some competencies where a scale is one of the pupil's own highest; nobody else is compared with."""

    kind: Literal["leaning"]
    """The ground is the profile of a diagnostic."""
    diagnostic: DiagnosticCode
    """Code of one of the season's diagnostics; of several attempts the last one counts."""
    scale: Code
    """Code of one of its scales."""
    highest: Annotated[int, Field(ge=1, le=20)] = 1
    """It speaks where the scale is among so many of the highest of that profile, and above zero."""
    competencies: Annotated[tuple[CompetencyCode, ...], Count(1, 50)]
    """Codes of the competencies for which it speaks."""


class Profession(Part):
    """A profession that rests on competencies."""

    name: Named
    """Shown to people: in both languages, or a text in Russian alone."""
    competencies: Annotated[tuple[CompetencyCode, ...], Count(1, 20)]
    """Codes of the competencies on which it rests: it is recommended with them."""


AnyGround = Annotated[Tried | Visited | Marked | Leaning, Field(discriminator="kind")]


class AdviceRules(Input):
    """The rules by which a season recommends, as the national operator sets them."""

    grounds: Annotated[tuple[AnyGround, ...], Count(1, MOST_GROUNDS)]
    """All that speaks for competencies; each has a code of its own."""
    professions: Annotated[tuple[Profession, ...], Count(0, 500)] = ()
    """The professions that are recommended with competencies; each has a code of its own."""

    @field_validator("grounds", "professions")
    @classmethod
    def _each_once(cls, parts: tuple[Part, ...]) -> tuple[Part, ...]:
        if len({part.code for part in parts}) < len(parts):
            raise PydanticCustomError("code_twice", "holds a code twice")
        return parts

    @property
    def scales(self) -> set[tuple[str, str]]:
        """The scales on which it rests, each with its diagnostic."""
        return {(ground.diagnostic, ground.scale) for ground in self.grounds if isinstance(ground, Leaning)}

    @property
    def named(self) -> set[str]:
        """The competencies that it names."""
        leanings = {code for ground in self.grounds if isinstance(ground, Leaning) for code in ground.competencies}
        return leanings.union(*(profession.competencies for profession in self.professions))


class Advice(AdviceRules):
    """The rules of a known season."""

    model_config = ConfigDict(extra="ignore", strict=False)

    def document(self, season: str) -> dict[str, Any]:
        """The row as it is stored, but for who changed it."""
        return {"_id": season, **self.model_dump(exclude_none=True)}

    @property
    def because(self) -> Mapping[str, Words]:
        """Ground → its words."""
        return {ground.code: ground.because for ground in self.grounds}


UNWRITTEN = Advice(
    grounds=(
        Tried(
            code="tried",
            kind="tried",
            points=2,
            because=Words(ru="потому что это было на пробе", en="because you tried it in practice"),
        ),
        Visited(
            code="visited",
            kind="visited",
            points=1,
            because=Words(ru="потому что вы с этим познакомились", en="because you got to know it"),
        ),
    )
)
"""The rules of a season that has none of its own: what was tried in practice is recommended, the latest first."""


def define(known: Advice | None, rules: AdviceRules, *, in_use: bool) -> Advice:
    """Sets a season's rules of advice; in a season in use only those that it never had."""
    advice = Advice(**rules.model_dump())
    if in_use and known is not None and advice != known:
        raise Conflict("the season is in use; its rules of advice no longer change", slug="advice-in-use")
    return advice
