"""Events of registration: who exists, where, with whose consent, and the register of organisations."""

from typing import Literal

from typing_extensions import override

from shared.contracts.codes import OffsetOfEvent, RegionOfEvent
from shared.contracts.event import Event, ParticipantEvent, Pseudonymous, Public, Sensitive

OrganisationKind = Literal["region", "municipality", "school", "college", "university", "supplementary", "employer"]
Level = Literal["basic", "main", "advanced"]
ConsentChannel = Literal["gosuslugi", "paper", "cabinet"]


class ParticipantRegistered(ParticipantEvent):
    """A pupil was entered into a season by the school; once per participant and season."""

    type = "participant.registered.v1"
    topic = "registration.events.v1"

    season: Public[str]
    disability: Sensitive[bool] = False
    """Limited health or disability; only ever read by suppressed aggregates."""


class ConsentGiven(ParticipantEvent):
    """A legal representative consented to the processing of the pupil's data by a separate, versioned document."""

    type = "consent.given.v1"
    topic = "registration.events.v1"

    version: Public[str]
    """Version of the document's text."""
    channel: Public[ConsentChannel]


class ConsentWithdrawn(ParticipantEvent):
    """The consent in force was taken back: processing stops, figures stay."""

    type = "consent.withdrawn.v1"
    topic = "registration.events.v1"


class AccountLinked(ParticipantEvent):
    """A pupil opened an own account by the one-time code that the school handed out."""

    type = "account.linked.v1"
    topic = "registration.events.v1"

    account: Pseudonymous[str]
    """Keyed hash of the identity provider's issuer and subject."""


class GuardianLinked(ParticipantEvent):
    """A guardian opened an own cabinet for a child by the one-time code of that child."""

    type = "guardian.linked.v1"
    topic = "registration.events.v1"

    guardian: Pseudonymous[str]
    """One id for one guardian of several children known to the same school."""
    account: Pseudonymous[str]
    """Keyed hash of the identity provider's issuer and subject."""


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
    """`+03:00`; of the region, inherited by everything in it."""
    level: Public[Level | None] = None
    """A school's level of the career-guidance minimum: базовый, основной, продвинутый."""

    @property
    @override
    def key(self) -> str:
        return self.code

    @property
    @override
    def subject(self) -> str:
        return f"organisation/{self.code}"


__all__ = [
    "AccountLinked",
    "ConsentChannel",
    "ConsentGiven",
    "ConsentWithdrawn",
    "GuardianLinked",
    "Level",
    "OrganisationDefined",
    "OrganisationKind",
    "ParticipantRegistered",
]
