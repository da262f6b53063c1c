"""Some days in a row, as requests name those of a timetable."""

from datetime import date, timedelta

from pydantic import ValidationInfo, field_validator

from shared.base.models import Input
from shared.base.wording import complaint
from shared.programme.moments import SeasonDay

MOST_DAYS = 62
_LONGEST = timedelta(days=MOST_DAYS)


class Days(Input):
    """A day, or it with those that follow until another one."""

    day: SeasonDay
    """The first of the days, by the clock of each venue."""
    until: SeasonDay | None = None
    """The last of the days, included; left out, it is one day."""

    @field_validator("until")
    @classmethod
    def _must_be_near(cls, until: date | None, read: ValidationInfo) -> date | None:
        if until is not None and "day" in read.data and not timedelta() <= until - read.data["day"] < _LONGEST:
            raise complaint("days_apart", "must be the first day or one of the {most} that follow", most=MOST_DAYS - 1)
        return until

    @property
    def last(self) -> date:
        """The last of the days."""
        return self.until or self.day
