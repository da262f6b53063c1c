"""A school's school year: its level of the career-guidance minimum, and how many pupils it has by grade or class."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from services.registration.domain.organisations import Organisation, must_be_open
from shared.base.errors import BadInput, FieldError
from shared.base.models import Count, Input
from shared.base.wording import worded
from shared.contracts.organisations import Level
from shared.programme.moments import Moment
from shared.programme.texts import ClassName
from shared.storage.decision import Aggregate, Decision

MOST_NUMBERS = 200
"""Rows of a school's year: eleven grades, or all of its classes."""
MOST_PUPILS = 5_000
"""Of one row."""
Year = Annotated[str, Field(pattern=r"^20[0-9]{2}$")]
"""A school year by the calendar year of its first day: `2021` for 2021/22."""


class PupilNumber(Input):
    """The number of pupils of a grade, or of one of its classes."""

    model_config = ConfigDict(populate_by_name=True)

    grade: Annotated[int, Field(ge=1, le=11)]
    """Year of school."""
    school_class: Annotated[ClassName | None, Field(alias="class")] = None
    """The class, for instance «7А»; left out where the number is that of the whole grade."""
    total: Annotated[int, Field(ge=0, le=MOST_PUPILS)]
    """All pupils of it, whether they take part in the programme or not."""
    disabled: Annotated[int, Field(ge=0, le=MOST_PUPILS)] | None = None
    """Those among them with limited health or a disability (ОВЗ); left out where it is not known."""


class SchoolYearEntry(Input):
    """A school's year as staff enter it; it replaces what was said of the year before."""

    level: Level | None = None
    """Level of the career-guidance minimum in this school year: базовый, основной, продвинутый."""
    pupils: Annotated[tuple[PupilNumber, ...], Count(0, MOST_NUMBERS)] = ()
    """Numbers of pupils; of one grade either the whole or its classes."""
    occurred_at: Moment | None = None
    """The time from which it is known, RFC 3339 with an offset; now where it is left out."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.level is None and not self.pupils:
            raise PydanticCustomError("nothing", "says neither the level nor a number")
        return self


class KeptNumber(BaseModel):
    """A number of pupils as it is kept."""

    model_config = ConfigDict(frozen=True)

    grade: int
    school_class: str | None
    total: int
    disabled: int | None


class SchoolYear(Aggregate):
    """One school's year; its id is the school's code and the year."""

    organisation: str
    year: str
    level: Level | None
    pupils: tuple[KeptNumber, ...]

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """The year of a stored row."""
        return cls.model_validate({**row, "id": row["_id"]})


def year_id(organisation: str, year: str) -> str:
    """The id of what is said of an organisation's year."""
    return f"{organisation}/{year}"


def enter_year(
    known: SchoolYear | None, school: Organisation, year: str, entry: SchoolYearEntry
) -> Decision[SchoolYear]:
    """Enters a school's year, or what is said of it otherwise; nothing is stored where all is so already.

    Raises BadInput where it is no school's, or numbers do not fit each other, Conflict for a closed school.
    """
    if school.kind != "school":
        raise BadInput.field("code", "is not a school's")
    if faults := list(_faults(entry)):
        raise BadInput.of(faults)
    numbers = sorted(entry.pupils, key=lambda number: (number.grade, number.school_class or ""))
    state = SchoolYear(
        id=year_id(school.id, year),
        organisation=school.id,
        year=year,
        level=entry.level,
        pupils=tuple(KeptNumber(**number.model_dump()) for number in numbers),
    )
    if known is not None and state == known.model_copy(update={"sequence": 0}):
        return Decision(known)
    must_be_open(school, "code")
    times = 0 if known is None else known.sequence + 1  # no event tells of it: so it is counted how often it was said
    return Decision(state.model_copy(update={"sequence": times}), quiet=True)


def _faults(entry: SchoolYearEntry) -> Iterator[FieldError]:
    """The numbers that do not fit: a class of another grade, one that stands twice, more disabled than all."""
    seen = dict[tuple[int, str | None], int]()
    for index, number in enumerate(entry.pupils):
        at, name = f"pupils/{index}", number.school_class
        if name is not None and int(re.split("[^0-9]", name)[0]) != number.grade:
            yield FieldError(f"{at}/class", worded("must begin with the grade, {grade}", grade=number.grade))
        if (number.grade, name) in seen:
            before = f"pupils/{seen[number.grade, name]}"
            yield FieldError(f"{at}/grade", worded("is said already, in {place}", place=before))
        elif (number.grade, None) in seen or (name is None and any(grade == number.grade for grade, _ in seen)):
            yield FieldError(f"{at}/class", "of one grade either the whole is said or its classes")
        seen.setdefault((number.grade, name), index)
        if number.disabled is not None and number.disabled > number.total:
            yield FieldError(f"{at}/disabled", worded("is more than all, {total}", total=number.total))
