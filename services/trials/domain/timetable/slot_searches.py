"""A search for slots in which pupils may be seated: at one venue or in one municipality, within some days."""

from typing import Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from services.trials.domain.calendar.days import Days
from shared.contracts.codes import Code, CompetencyCode, OrganisationCode, VenueCode
from shared.contracts.trials import SlotKind


class SlotSearch(Days):
    """Slots that are held at a place; the fields that are left out narrow nothing."""

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

    @model_validator(mode="after")
    def _names_one_place(self) -> Self:
        if (self.venue is None) == (self.municipality is None):
            raise PydanticCustomError("places", "says one of venue and municipality, and not both")
        return self

    @property
    def narrowed(self) -> dict[str, str]:
        """The fields of a slot that are asked for, by their names."""
        return self.model_dump(include={"venue", "competency", "programme", "kind"}, exclude_none=True)
