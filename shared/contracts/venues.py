"""Events of trials: venues that enter a season's registry and leave it, competencies, and programmes held there."""

from typing import Literal

from pydantic import Field
from typing_extensions import override

from shared.contracts.codes import RegionOfEvent
from shared.contracts.event import Event, Public

Registry = Literal["federal", "regional"]
ProgrammeLevel = Literal["introductory", "basic", "advanced"]
ProgrammeFormat = Literal["in-person", "online"]
Environment = Literal[
    "safe", "smart", "social", "healthy", "comfortable", "industrial", "creative", "business", "agrarian"
]
"""The nine surroundings of a life (среды) that a trial programme shows."""


class VenueEvent(Event):
    """A fact of a venue."""

    topic = "trials.catalogue.v1"

    venue: Public[str]

    @property
    @override
    def key(self) -> str:
        return self.venue

    @property
    @override
    def subject(self) -> str:
        return f"venue/{self.venue}"


class VenueRegistered(VenueEvent):
    """A venue entered the registry of a season."""

    type = "venue.registered.v1"

    organisation: Public[str]
    name: Public[str]
    registry: Public[Registry]
    season: Public[str]
    region: Public[RegionOfEvent]
    municipality: Public[str]
    grades: Public[tuple[int, int] | None] = None
    """Lowest and highest grade that the venue takes in, both included; None where it has not said."""
    accessibility: Public[tuple[str, ...] | None] = None
    """The needs that it serves; None where it has not said."""
    capacity: Public[int | None] = None
    """Most pupils at a time; None where it has not said."""
    address: Public[str | None] = None
    """Of the site; None where it has not said."""
    address_municipality: Public[str | None] = None
    """Code of the municipality in which the site stands, which may be another one than the owner's."""
    expects: Public[tuple[str, ...] | None] = None
    """Codes of neighbouring municipalities whose pupils it expects besides; None where it has not said."""


class VenueWithdrawn(VenueEvent):
    """A venue left the registry of a season: no new slot is opened there, and those that are open stay."""

    type = "venue.withdrawn.v1"

    organisation: Public[str]
    season: Public[str]
    region: Public[RegionOfEvent]
    municipality: Public[str]


class CompetencyApproved(Event):
    """A competency (a field in which trials are held) may be offered."""

    type = "competency.approved.v1"
    topic = "trials.catalogue.v1"

    code: Public[str]
    name: Public[str]

    @property
    @override
    def key(self) -> str:
        return self.code

    @property
    @override
    def subject(self) -> str:
        return f"competency/{self.code}"


class ProgrammeDefined(Event):
    """The passport of a trial programme, which slots name; where an online one is held is in no event."""

    type = "programme.defined.v1"
    topic = "trials.catalogue.v1"

    programme: Public[str]
    organisation: Public[str]
    """The owner: an organisation that has venues, or a region, all of whose venues may hold it."""
    region: Public[RegionOfEvent]
    name: Public[str]
    competency: Public[str]
    level: Public[ProgrammeLevel]
    format: Public[ProgrammeFormat]
    minutes: Public[int]
    places: Public[int]
    """Most pupils at a time."""
    grades: Public[tuple[int, int]]
    """Lowest and highest grade, both included."""
    environment: Public[Environment]
    criteria: Public[dict[str, str]] = Field(default_factory=dict)
    """Code of a criterion that a mentor scores by → its name."""
    needs: Public[tuple[str, ...]] = ()
    """The needs that it serves."""

    @property
    @override
    def key(self) -> str:
        return self.programme

    @property
    @override
    def subject(self) -> str:
        return f"programme/{self.programme}"


__all__ = [
    "CompetencyApproved",
    "Environment",
    "ProgrammeDefined",
    "ProgrammeFormat",
    "ProgrammeLevel",
    "Registry",
    "VenueRegistered",
    "VenueWithdrawn",
]
