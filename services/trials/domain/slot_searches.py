"""A search for slots in which pupils may be seated: at one venue or in one municipality, within some days."""

from datetime import date, timedelta
from typing import Self

from pydantic import ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from shared.base.models import Input
from shared.base.wording import complaint
from shared.contracts.codes import Code, CompetencyCode, OrganisationCode, VenueCode
from shared.contracts.trials import SlotKind
from shared.programme.moments import SeasonDay

MOST_DAYS = 62


class SlotSearch(Input):
    """Slots that are held at a place; the fields that are left out narrow nothing."""

    day: SeasonDay
    """The first of the days, by the clock of each venue."""
    until: SeasonDay | None = None
    """The last of the days, included; left out, it is one day."""
    venue: VenueCode | None = None
    """Code of the venue; exactly one of `venue` and `municipality` is said."""
    municipality: OrganisationCode | None = None
    """Code of the municipality in which the venues lie."""
    competency: CompetencyCode | None = None
    """The slots of this competency alone."""
    programme: Code | None = None
    """The slots of this trial programme alone."""
    kind: SlotKind | None = None
    """The slots of this kind alone."""

    @field_validator("until")
    @classmethod
    def _must_be_near(cls, until: date | None, read: ValidationInfo) -> date | None:
        if until is not None and "day" in read.data and not timedelta() <= until - read.data["day"] < _LONGEST:
            raise complaint("days_apart", "must be the first day or one of the {most} that follow", most=MOST_DAYS - 1)
        return until

    @model_validator(mode="after")
    def _names_one_place(self) -> Self:
        if (self.venue is None) == (self.municipality is None):
            raise PydanticCustomError("places", "says one of venue and municipality, and not both")
        return self

    @property
    def last(self) -> date:
        """The last of the days."""
        return self.until or self.day

    @property
    def narrowed(self) -> dict[str, str]:
        """The fields of a slot that are asked for, by their names."""
        return self.model_dump(include={"venue", "competency", "programme", "kind"}, exclude_none=True)


_LONGEST = timedelta(days=MOST_DAYS)
