"""Times of the field, told on the region's clock: the local day of whatever happens is read from its own offset."""

from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, PlainSerializer
from pydantic_core import PydanticCustomError

from shared.errors import BadInput

LocalTime = Annotated[AwareDatetime, PlainSerializer(datetime.isoformat, return_type=str)]
"""A time that keeps its offset in the database too: later events repeat it, and the local day is read from it."""
YEARS = range(2000, 2101)
"""Whatever lies outside is a mistake, and near the ends of the calendar another offset would pass them."""


def bounded(time: datetime) -> datetime:
    """The time, where it lies in a year that a season can have; else a ValueError."""
    if time.year not in YEARS:
        raise PydanticCustomError("time_out_of_bounds", f"lies outside the years {YEARS[0]} to {YEARS[-1]}")
    return time


Moment = Annotated[AwareDatetime, AfterValidator(bounded)]
"""When something happens, as a caller says it, in any offset."""


@lru_cache(maxsize=64)
def zone(utc_offset: str) -> tzinfo:
    """`+03:00` as a zone."""
    found = datetime.fromisoformat(f"2000-01-01T00:00:00{utc_offset}").tzinfo
    assert found is not None
    return found


def happened_at(given: datetime | None, now: datetime, local: tzinfo, field: str = "occurred_at") -> datetime:
    """When a command's fact happened, on the clock `local`: now unless given.

    Raises BadInput about `field` for a time to come.
    """
    if given is None:
        return now.astimezone(local)
    if given > now:
        raise BadInput.field(field, "lies in the future")
    return given.astimezone(local)
