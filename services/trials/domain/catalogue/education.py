"""Education programmes of a region, where pupils may go on with what they have tried."""

from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from services.trials.domain.catalogue.definitions import Part
from shared.base.models import Count, Input
from shared.contracts.codes import CompetencyCode
from shared.programme.texts import Title

MOST_PROGRAMMES = 1_000
EducationLevel = Literal["additional", "vocational", "higher"]


class EducationProgramme(Part):
    """A programme of an institution of the region."""

    name: Title
    """Shown to people, in Russian."""
    institution: Title
    """Name of the institution, in Russian."""
    level: EducationLevel
    """`additional` beside school, `vocational` at a college, or `higher` at a university."""
    competencies: Annotated[tuple[CompetencyCode, ...], Count(1, 20)]
    """Codes of the competencies that it goes on with: it is shown beside recommendations that name one of them."""
    link: Annotated[str, Field(pattern=r"^https://[!-~]+$", max_length=500)] | None = None
    """Page of the programme; null where there is none."""


class EducationList(Input):
    """All education programmes of a region, as its operator imports them."""

    programmes: Annotated[tuple[EducationProgramme, ...], Count(0, MOST_PROGRAMMES)]
    """Each has a code of its own; one that is not among them is no longer shown."""

    @field_validator("programmes")
    @classmethod
    def _each_once(cls, programmes: tuple[EducationProgramme, ...]) -> tuple[EducationProgramme, ...]:
        if len({programme.code for programme in programmes}) < len(programmes):
            raise PydanticCustomError("code_twice", "holds a code twice")
        return programmes
