"""Values that commands and states are made of: refs, grades, and times that keep their local day."""

from datetime import datetime, timedelta, tzinfo
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    Field,
    PlainSerializer,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import PydanticCustomError

from shared.errors import BadInput

Ref = Annotated[str, StringConstraints(min_length=1, max_length=100)]
"""The caller's own name of what it sends: sent again, it means the same thing. Never text that is not valid Unicode."""
_REF: TypeAdapter[str] = TypeAdapter(Ref)
Name = Annotated[str, Field(min_length=1, max_length=300)]
Grades = tuple[Annotated[int, Field(ge=1, le=11)], Annotated[int, Field(ge=1, le=11)]]
LocalTime = Annotated[AwareDatetime, PlainSerializer(datetime.isoformat, return_type=str)]
"""A time that keeps its offset in the database too: later events repeat it, and the local day is read from it."""
YEARS = range(2000, 2101)
"""Whatever lies outside is a mistake, and near the ends of the calendar another offset would pass them."""


def bounded(time: datetime) -> datetime:
    """The time, where it lies in a year that a season can have; else a ValueError."""
    if time.year not in YEARS:
        reason = f"lies outside the years {YEARS[0]} to {YEARS[-1]}"
        raise PydanticCustomError("time_out_of_bounds", reason)
    return time


Moment = Annotated[AwareDatetime, AfterValidator(bounded)]
"""When something happens, as a caller says it."""


def ref(value: object) -> str | None:
    """The value where it is a Ref: anything else is neither looked up nor repeated in an answer."""
    try:
        return _REF.validate_python(value)
    except ValidationError:
        return None


def zone(utc_offset: str) -> tzinfo:
    """`+03:00` as a zone."""
    found = datetime.fromisoformat(f"2000-01-01T00:00:00{utc_offset}").tzinfo
    assert found is not None
    return found


def happened_at(given: datetime | None, now: datetime, local: tzinfo, pointer: str = "/occurred_at") -> datetime:
    """When a command's fact happened: now unless given, never later, and with an offset that tells the local day.

    A time in UTC is taken into `local`; any other offset is what the caller means and stays.
    """
    if given is None:
        return now.astimezone(local)
    if given > now:
        raise BadInput.field(pointer, "lies in the future")
    return given.astimezone(local) if given.utcoffset() == timedelta(0) else given
