"""Events of the register of organisations: which there are, where they lie, and by which clock."""

from typing import Literal

from pydantic import BaseModel, ConfigDict
from typing_extensions import override

from shared.contracts.codes import OffsetOfEvent, RegionOfEvent
from shared.contracts.event import Event, Public, Timestamp

OrganisationKind = Literal["region", "municipality", "school", "college", "university", "supplementary", "employer"]
Level = Literal["basic", "main", "advanced"]


class ClockChange(BaseModel):
    """From an instant on, clocks of a place show another offset."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    since: Timestamp
    """The instant from which on they do."""
    utc_offset: OffsetOfEvent
    """The offset that they show from then on, as `+04:00`."""


class OrganisationDefined(Event):
    """An organisation was entered into the register or its entry was changed; the newest definition holds."""

    type = "organisation.defined.v1"
    topic = "registration.catalogue.v1"

    code: Public[str]
    kind: Public[OrganisationKind]
    name: Public[str]
    parent: Public[str]
    """`RU` for a region, the region for a municipality, the municipality for all others."""
    region: Public[RegionOfEvent]
    municipality: Public[str | None] = None
    utc_offset: Public[OffsetOfEvent]
    """`+03:00`: that of its clock before all changes; of the region, or of the municipality that has its own clock."""
    clocks: Public[tuple[ClockChange, ...] | None] = None
    """Every change of the clock, the earliest first, also those to come. A municipality of which they are told, be they
    none, has a clock of its own; all else has that of the municipality in which it lies, or the region's."""
    level: Public[Level | None] = None
    """A school's level of the career-guidance minimum: базовый, основной, продвинутый."""
    inn: Public[str | None] = None
    """ИНН of the legal entity, ten digits."""
    ogrn: Public[str | None] = None
    """ОГРН of the legal entity, thirteen digits."""

    @property
    @override
    def key(self) -> str:
        return self.code

    @property
    @override
    def subject(self) -> str:
        return f"organisation/{self.code}"


class OrganisationClosed(Event):
    """An organisation is no longer there from the local day of `time` on; its name and its past stay.

    Whoever was in it follows by events of their own: its organisations are defined anew, its pupils move.
    """

    type = "organisation.closed.v1"
    topic = "registration.catalogue.v1"

    code: Public[str]
    kind: Public[OrganisationKind]
    region: Public[RegionOfEvent]
    municipality: Public[str | None] = None
    into: Public[str | None] = None
    """Code of the organisation of the same kind that goes on in its place; null where none does."""

    @property
    @override
    def key(self) -> str:
        return self.code

    @property
    @override
    def subject(self) -> str:
        return f"organisation/{self.code}"


__all__ = [
    "ClockChange",
    "Level",
    "OrganisationClosed",
    "OrganisationDefined",
    "OrganisationKind",
]
