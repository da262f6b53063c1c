"""Days on which nothing is held: of a venue, a municipality or a region."""

from typing import Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from services.trials.domain.calendar.days import Days
from services.trials.domain.timetable.slot_changes import SlotClosing
from shared.contracts.codes import OrganisationCode, VenueCode


class DayClosing(Days, SlotClosing):
    """The calling off of all slots that begin on some days, at one venue or wherever they are held in one place."""

    venue: VenueCode | None = None
    """Code of the venue; exactly one of `venue`, `municipality` and `region` is said."""
    municipality: OrganisationCode | None = None
    """Code of the municipality in which the venues lie."""
    region: OrganisationCode | None = None
    """Code of the region in which the venues lie."""

    @model_validator(mode="after")
    def _names_one_place(self) -> Self:
        if sum(place is not None for place in (self.venue, self.municipality, self.region)) != 1:
            raise PydanticCustomError("places", "says one of venue, municipality and region, and not two")
        return self
