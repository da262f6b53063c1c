"""Organisations as trials knows them. Pure."""

from pydantic import BaseModel, ConfigDict

from shared.contracts.event import Envelope
from shared.contracts.registration import OrganisationDefined, OrganisationKind


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
    sequence: str


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
        sequence=envelope.sequence,
    )
