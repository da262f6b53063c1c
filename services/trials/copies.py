"""Trials' own copies of what registration owns: pupils and organisations, folded from events in any order."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from shared.contracts.event import Envelope, ParticipantEvent
from shared.contracts.registration import (
    AccountLinked,
    ConsentGiven,
    ConsentWithdrawn,
    GuardianLinked,
    OrganisationDefined,
    OrganisationKind,
    ParticipantRegistered,
)
from shared.moments import LocalTime

UNSET = ""
"""The sequence of a field that no event has set: before every other."""


class Entry(BaseModel):
    """A pupil's registration in one season."""

    model_config = ConfigDict(frozen=True)

    time: LocalTime
    recorded: datetime
    """When registration's server wrote it down."""


class Link(BaseModel):
    """An account whose cabinet shows the pupil, and as whom: only in that role does it act for them."""

    model_config = ConfigDict(frozen=True)

    account: str
    role: Literal["guardian", "pupil"]


class Participant(BaseModel):
    """A pupil as trials knows one: where, in which seasons, whether with consent, and whose cabinet shows them."""

    model_config = ConfigDict(frozen=True)

    id: str
    region: str
    municipality: str
    school: str
    school_class: str
    grade: int
    consent: bool = False
    seasons: dict[str, Entry] = {}
    accounts: tuple[Link, ...] = ()
    """The pupil's own account and those of linked guardians; one account may be both."""
    place_set_by: str = UNSET
    """The sequence of the event that set the place; an older one never overwrites it."""
    consent_set_by: str = UNSET

    @property
    def place(self) -> dict[str, Any]:
        """The fields that every event of this pupil carries."""
        return {
            "participant": self.id,
            "region": self.region,
            "municipality": self.municipality,
            "school": self.school,
            "school_class": self.school_class,
            "grade": self.grade,
        }


class Organisation(BaseModel):
    """An entry of the register of organisations."""

    model_config = ConfigDict(frozen=True)

    id: str
    kind: OrganisationKind
    region: str
    municipality: str | None
    utc_offset: str
    sequence: str


def learn(known: Participant | None, envelope: Envelope) -> Participant:
    """The pupil after one more event, which may be older than others that are known, or known itself."""
    event, sequence = envelope.event, envelope.sequence
    assert isinstance(event, ParticipantEvent)
    pupil = known or Participant(id=event.participant, **_place(event))
    changes: dict[str, Any] = {}
    if sequence > pupil.place_set_by:
        changes |= _place(event) | {"place_set_by": sequence}
    if isinstance(event, ConsentGiven | ConsentWithdrawn) and sequence > pupil.consent_set_by:
        changes |= {"consent": isinstance(event, ConsentGiven), "consent_set_by": sequence}
    if isinstance(event, ParticipantRegistered) and event.season not in pupil.seasons:
        entry = Entry(time=envelope.time, recorded=envelope.recordedtime)
        changes["seasons"] = {**pupil.seasons, event.season: entry}
    if isinstance(event, AccountLinked | GuardianLinked):
        link = Link(account=event.account, role="pupil" if isinstance(event, AccountLinked) else "guardian")
        changes |= {"accounts": (*pupil.accounts, link)} if link not in pupil.accounts else {}
    return pupil.model_copy(update=changes) if changes else pupil


def _place(event: ParticipantEvent) -> dict[str, Any]:
    return {
        "region": event.region,
        "municipality": event.municipality,
        "school": event.school,
        "school_class": event.school_class,
        "grade": event.grade,
    }


def organisation(envelope: Envelope) -> Organisation:
    """The entry as its newest definition has it."""
    event = envelope.event
    assert isinstance(event, OrganisationDefined)
    return Organisation(
        id=event.code,
        kind=event.kind,
        region=event.region,
        municipality=event.municipality,
        utc_offset=event.utc_offset,
        sequence=envelope.sequence,
    )
