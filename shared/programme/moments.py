"""Times of the field, told on the region's clock: the local day of whatever happens is read from its own offset."""

import re
from datetime import date, datetime, tzinfo
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, PlainSerializer
from pydantic_core import PydanticCustomError

from shared.base.errors import BadInput, Conflict
from shared.base.wording import complaint, worded
from shared.programme.clocks import zone

__all__ = [
    "YEARS",
    "Day",
    "LocalTime",
    "Moment",
    "SeasonDay",
    "bounded",
    "happened_at",
    "must_lie_within",
    "zone",
]

LocalTime = Annotated[AwareDatetime, PlainSerializer(datetime.isoformat, return_type=str)]
"""A time that keeps its offset in the database too: later events repeat it, and the local day is read from it."""
YEARS = range(2000, 2101)
"""Whatever lies outside is a mistake, and near the ends of the calendar another offset would pass them."""
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}")


def bounded(time: datetime) -> datetime:
    """The time, where it lies in a year that a season can have; else a ValueError."""
    if time.year not in YEARS:
        raise complaint(
            "time_out_of_bounds", "lies outside the years {first} to {last}", first=YEARS[0], last=YEARS[-1]
        )
    return time


def _is_time(said: Any) -> Any:
    """A number, also one in text, would be taken for seconds since 1970."""
    if not (TIME.match(said) if isinstance(said, str) else isinstance(said, datetime)):
        raise PydanticCustomError("time", "must be a time with its offset, as 2020-09-14T10:00:00+03:00")
    return said


def _is_day(said: Any) -> Any:
    if not (DAY.fullmatch(said) if isinstance(said, str) else isinstance(said, date)):
        raise PydanticCustomError("day", "must be a day, as 2020-09-14")
    return said


def _in_bounds(day: date) -> date:
    """Returns the day, where it lies in a year that a season can have; else raises a ValueError."""
    if day.year not in YEARS:
        raise complaint(
            "time_out_of_bounds", "lies outside the years {first} to {last}", first=YEARS[0], last=YEARS[-1]
        )
    return day


Moment = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_is_time), AfterValidator(bounded)]
"""When something happens, as a caller says it, in any offset."""
Day = Annotated[date, Field(strict=False), BeforeValidator(_is_day)]
"""A day of the calendar, as a caller says it."""
SeasonDay = Annotated[Day, AfterValidator(_in_bounds)]
"""A day that a season can have."""


def must_lie_within(time: datetime, season: str, opens: date, closes: date, word: str) -> None:
    """Raises Conflict about the request's `word` for a time on a day outside a season; both its days belong to it."""
    if not opens <= time.date() <= closes:
        days = {"day": f"{time.date()}", "opens": f"{opens}", "closes": f"{closes}"}
        detail = worded("{day} lies outside season {season}, {opens} to {closes}", season=season, **days)
        raise Conflict.about(word, detail, "outside-season")


def happened_at(given: datetime | None, now: datetime, local: tzinfo, field: str = "occurred_at") -> datetime:
    """Returns the time of a command's fact on the clock `local`: now unless given.

    Raises BadInput about `field` for a time to come.
    """
    if given is None:
        return now.astimezone(local)
    if given > now:
        raise BadInput.field(field, "lies in the future")
    return given.astimezone(local)


def as_stored(time: datetime) -> datetime:
    """The time in the milliseconds that the database keeps, so that an answer reads the same at once and later."""
    return time.replace(microsecond=time.microsecond // 1000 * 1000)
