"""Organisations as services that do not own them know them, by the newest definition. Pure."""

from pydantic import BaseModel, ConfigDict

from shared.base.errors import Conflict
from shared.contracts.event import Envelope
from shared.contracts.organisations import ClockChange, OrganisationClosed, OrganisationDefined, OrganisationKind


class Organisation(BaseModel):
    """An entry of the register of organisations."""

    model_config = ConfigDict(frozen=True)

    id: str
    kind: OrganisationKind
    name: str | None = None
    """None for a copy of an earlier release, until `bilet migrate` or the next definition names it."""
    region: str
    municipality: str | None
    utc_offset: str
    """Of its clock before all changes."""
    clocks: tuple[ClockChange, ...] | None = None
    """The changes of a clock of its own."""
    sequence: str
    closed_on: str | None = None
    """The local day from which on it is no longer there; None as long as it is."""
    into: str | None = None
    """The organisation that goes on in its place."""

    @property
    def place(self) -> tuple[str, str | None, str | None]:
        """Region, municipality and school, for a scope; only a school has the last."""
        return self.region, self.municipality, self.id if self.kind == "school" else None

    def must_be_open(self, word: str) -> None:
        """Raises Conflict where it is closed, about what the request calls by a word; it says where to go instead."""
        if self.closed_on is not None:
            goes_on = f": {self.into} goes on in its place" if self.into else ""
            raise Conflict.about(word, f"{self.id} was closed on {self.closed_on}{goes_on}", "organisation-closed")


class Closing(BaseModel):
    """The end of an organisation; it is for good."""

    model_config = ConfigDict(frozen=True)

    closed_on: str
    into: str | None

    @classmethod
    def of(cls, envelope: Envelope) -> "Closing":
        """Returns the end that an event tells."""
        event = envelope.event
        assert isinstance(event, OrganisationClosed)
        return cls(closed_on=envelope.day.isoformat(), into=event.into)


def organisation(envelope: Envelope) -> Organisation:
    """Returns the entry as its newest definition has it."""
    event = envelope.event
    assert isinstance(event, OrganisationDefined)
    return Organisation(
        id=event.code,
        kind=event.kind,
        name=event.name,
        region=event.region,
        municipality=event.municipality,
        utc_offset=event.utc_offset,
        clocks=event.clocks,
        sequence=envelope.sequence,
    )
