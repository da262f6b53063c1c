"""Days on which nothing is held: of a venue, a municipality or a region."""

from datetime import date, timedelta
from typing import Self

from pydantic import ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from services.trials.domain.slot_changes import SlotClosing
from shared.base.wording import complaint
from shared.contracts.codes import OrganisationCode, VenueCode
from shared.programme.moments import SeasonDay

MOST_DAYS = 62


class DayClosing(SlotClosing):
    """The calling off of all slots that begin on some days, at one venue or wherever they are held in one place."""

    day: SeasonDay
    """The first of the days, by the clock of each venue."""
    until: SeasonDay | None = None
    """The last of the days, included; left out, it is one day."""
    venue: VenueCode | None = None
    """Code of the venue; exactly one of `venue`, `municipality` and `region` is said."""
    municipality: OrganisationCode | None = None
    """Code of the municipality in which the venues lie."""
    region: OrganisationCode | None = None
    """Code of the region in which the venues lie."""

    @field_validator("until")
    @classmethod
    def _must_be_near(cls, until: date | None, read: ValidationInfo) -> date | None:
        if until is not None and "day" in read.data and not timedelta() <= until - read.data["day"] < _LONGEST:
            raise complaint("days_apart", "must be the first day or one of the {most} that follow", most=MOST_DAYS - 1)
        return until

    @model_validator(mode="after")
    def _names_one_place(self) -> Self:
        if sum(place is not None for place in (self.venue, self.municipality, self.region)) != 1:
            raise PydanticCustomError("places", "says one of venue, municipality and region, and not two")
        return self

    @property
    def last(self) -> date:
        """The last of the days."""
        return self.until or self.day


_LONGEST = timedelta(days=MOST_DAYS)
