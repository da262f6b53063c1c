"""The shapes of HTTP bodies: strict types, no field that is not known, and nothing without a bound."""

import re
from collections.abc import Sized
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    ValidationError,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core.core_schema import no_info_before_validator_function

from shared.errors import MOST_ERRORS_OF_AN_ITEM, BadInput

M = TypeVar("M", bound=BaseModel)
MOST_UNKNOWN = 10
"""Fields of an object that are not known are named up to here; more are refused together."""
YEARS = range(2000, 2101)
"""Whatever lies outside is a mistake, and near the ends of the calendar another offset would pass them."""
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}")


class Body(BaseModel):
    """An object in a body: a field that is not known is refused by its name, and no type is taken for another."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _few_are_unknown(cls, sent: Any) -> Any:
        """Each would become an error of its own."""
        if isinstance(sent, dict) and len(sent) > len(cls.model_fields) + MOST_UNKNOWN:
            raise PydanticCustomError("many_unknown", f"has {len(sent)} fields, most of which are not known")
        return sent


@dataclass(frozen=True, slots=True)
class Count:
    """Bounds of a list's or a map's length, checked before an item is looked at: each may become an error."""

    least: int
    most: int

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """The schema of the list, tuple or map behind the check; JSON has no tuples, so that a list is one."""
        inner: Any = handler(source)
        inner |= {"min_length": self.least, "max_length": self.most}
        if inner["type"] == "tuple":
            inner["strict"] = False
        return no_info_before_validator_function(self._check, inner)

    def _check(self, sent: Any) -> Any:
        if isinstance(sent, Sized) and len(sent) > self.most:
            raise PydanticCustomError("too_many", f"has {len(sent)} items; {self.most} is the most")
        return sent


def _is_day(sent: Any) -> Any:
    if isinstance(sent, str) and not DAY.fullmatch(sent):
        raise PydanticCustomError("day", "must be a day as 2020-09-14")
    return _is_no_number(sent)


def _is_time(sent: Any) -> Any:
    if isinstance(sent, str) and not TIME.match(sent):
        raise PydanticCustomError("time", "must be a time with its offset as 2020-09-14T10:00:00+03:00")
    return _is_no_number(sent)


def _is_no_number(sent: Any) -> Any:
    if not isinstance(sent, str | date):
        raise PydanticCustomError("text", "must be text")
    return sent


def bounded(time: datetime) -> datetime:
    """The time, where it lies in a year that a season can have; else a ValueError."""
    if time.year not in YEARS:
        raise PydanticCustomError("time_out_of_bounds", f"lies outside the years {YEARS[0]} to {YEARS[-1]}")
    return time


Day = Annotated[date, Field(strict=False), BeforeValidator(_is_day)]
"""A day of the calendar."""
Moment = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_is_time), AfterValidator(bounded)]
"""When something happens, as a caller says it."""


def parsed(model: type[M], raw: object, at: str) -> M | BadInput:
    """One item of a body, at the JSON pointer `at`, or why it is refused while the others go through."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        return BadInput.invalid(error, at, MOST_ERRORS_OF_AN_ITEM)
