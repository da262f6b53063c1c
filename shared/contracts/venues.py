"""Events of trials: venues that leave a season's registry, and the programmes that venues hold."""

from typing import Literal

from pydantic import Field
from typing_extensions import override

from shared.contracts.codes import RegionOfEvent
from shared.contracts.event import Event, Public

ProgrammeLevel = Literal["introductory", "basic", "advanced"]
ProgrammeFormat = Literal["in-person", "online"]
Environment = Literal[
    "safe", "smart", "social", "healthy", "comfortable", "industrial", "creative", "business", "agrarian"
]
"""The nine surroundings of a life (среды) that a trial programme shows."""


class VenueWithdrawn(Event):
    """A venue left the registry of a season: no new slot is opened there, and those that are open stay."""

    type = "venue.withdrawn.v1"
    topic = "trials.catalogue.v1"

    venue: Public[str]
    organisation: Public[str]
    season: Public[str]
    region: Public[RegionOfEvent]
    municipality: Public[str]

    @property
    @override
    def key(self) -> str:
        return self.venue

    @property
    @override
    def subject(self) -> str:
        return f"venue/{self.venue}"


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
    "Environment",
    "ProgrammeDefined",
    "ProgrammeFormat",
    "ProgrammeLevel",
    "VenueWithdrawn",
]
