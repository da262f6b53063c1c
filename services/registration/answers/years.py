"""A school's year and an operator's target, as they are answered."""

from typing import Annotated

from pydantic import Field

from services.registration.domain.school_years import SchoolYear
from services.registration.domain.targets import Target
from shared.base.models import Answer
from shared.contracts.organisations import Level
from shared.http.paging import Page


class NumberView(Answer):
    """The number of pupils of a grade, or of one of its classes."""

    grade: int
    """Year of school."""
    school_class: Annotated[str | None, Field(serialization_alias="class")]
    """The class; null where the number is that of the whole grade."""
    total: int
    """All pupils of it, whether they take part in the programme or not."""
    disabled: int | None
    """Those among them with limited health or a disability (ОВЗ); null where it is not known."""


class SchoolYearView(Answer):
    """A school's year."""

    school: str
    """Code of the school."""
    year: str
    """The school year, by the calendar year of its first day."""
    level: Level | None
    """Level of the career-guidance minimum in this year; null where it was not said."""
    pupils: list[NumberView]
    """Numbers of pupils by grade, then by class."""

    @classmethod
    def of(cls, state: SchoolYear) -> "SchoolYearView":
        """The view of one year."""
        numbers = [NumberView(**number.model_dump()) for number in state.pupils]
        return cls(school=state.organisation, year=state.year, level=state.level, pupils=numbers)


class SchoolYearPage(Page[SchoolYearView]):
    """A school's years, from the first on."""


class TargetView(Answer):
    """A target of a region or a municipality."""

    organisation: str
    """Code of the region or the municipality."""
    year: str
    """The school year, by the calendar year of its first day."""
    pupils: int | None
    """Pupils who are to take part; null where no number was agreed."""
    parents: int | None
    """Parents who are to open a cabinet; null where no number was agreed."""

    @classmethod
    def of(cls, state: Target) -> "TargetView":
        """The view of one target."""
        return cls(**state.model_dump(include=set(cls.model_fields)))


class TargetPage(Page[TargetView]):
    """Targets by year, from the first on."""
