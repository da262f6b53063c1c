"""What is shown of the register to those in whose scope it is."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from services.registration.domain import Consent, Participant
from services.registration.organisations import Organisation
from shared.contracts.registration import ConsentChannel, Level, OrganisationKind
from shared.moments import zone

Names = Mapping[str, Mapping[str, str]]
"""What the vault holds, by person."""
Progress = Mapping[str, Any]
"""What is known of one pupil's season: sets that only grow, by step."""
NO_PROGRESS: Progress = {}


class OrganisationView(BaseModel):
    """One entry of the register."""

    code: str
    kind: OrganisationKind
    name: str
    parent: str
    region: str
    municipality: str | None
    utc_offset: str
    level: Level | None

    @classmethod
    def of(cls, organisation: Organisation) -> "OrganisationView":
        return cls(code=organisation.id, **organisation.model_dump(exclude={"id", "sequence"}))


class SeasonView(BaseModel):
    """How far a pupil has come in a season; attendances that were revoked are not counted."""

    season: str
    registered_at: datetime
    diagnostics: list[str]
    """Codes of those completed."""
    trials: int
    """Practical trials attended."""
    activities: int
    """Attendances of other kinds, an excursion for instance."""
    recommended: bool

    @classmethod
    def of(cls, participant: Participant, season: str, progress: Progress) -> "SeasonView":
        def left(step: str, taken_back: str) -> int:
            return len({*progress.get(step, ())} - {*progress.get(taken_back, ())})

        return cls(
            season=season,
            registered_at=participant.seasons[season].astimezone(zone(participant.place.utc_offset)),
            diagnostics=sorted(progress.get("diagnostics", ())),
            trials=left("trials", "revoked"),
            activities=left("activities", "revoked"),
            recommended=left("recommendations", "withdrawn") > 0,
        )


class ConsentView(BaseModel):
    """The consent in force."""

    version: str
    channel: ConsentChannel
    given_at: datetime
    guardian: str

    @classmethod
    def of(cls, participant: Participant) -> "ConsentView | None":
        consent: Consent | None = participant.consent
        if consent is None:
            return None
        given_at = consent.given_at.astimezone(zone(participant.place.utc_offset))
        return cls(version=consent.version, channel=consent.channel, given_at=given_at, guardian=consent.guardian)


class GuardianView(BaseModel):
    """A legal representative of a pupil."""

    guardian: str
    name: str | None
    linked: bool
    """Whether the guardian opened a cabinet for this pupil."""


class ParticipantView(BaseModel):
    """One pupil, for the school and for the family."""

    participant: str
    name: str | None
    birth_date: str | None
    region: str
    municipality: str
    school: str
    school_class: Annotated[str, Field(serialization_alias="class")]
    grade: int
    disability: bool
    external_ref: str
    account_linked: bool
    guardians: list[GuardianView]
    """All of them for the school, oneself alone for a guardian."""
    consent: ConsentView | None
    seasons: list[SeasonView]

    @classmethod
    def of(
        cls, participant: Participant, names: Names, progress: Mapping[str, Progress], shown_guardians: list[str]
    ) -> "ParticipantView":
        own = names.get(participant.id, {})
        return cls(
            participant=participant.id,
            name=own.get("name"),
            birth_date=own.get("birth_date"),
            **participant.place.model_dump(exclude={"utc_offset"}),
            disability=participant.disability,
            external_ref=participant.external_ref,
            account_linked=participant.account is not None,
            guardians=[
                GuardianView(guardian=id, name=names.get(id, {}).get("name"), linked=id in participant.linked)
                for id in shown_guardians
            ],
            consent=ConsentView.of(participant),
            seasons=[SeasonView.of(participant, s, progress.get(s, NO_PROGRESS)) for s in participant.seasons],
        )


class PupilView(BaseModel):
    """One line of a school's list: enough to see who is stuck, and at what."""

    participant: str
    name: str | None
    external_ref: str
    school_class: Annotated[str, Field(serialization_alias="class")]
    grade: int
    consented: bool
    guardians_linked: int
    progress: SeasonView

    @classmethod
    def of(cls, participant: Participant, season: str, names: Names, progress: Progress) -> "PupilView":
        return cls(
            participant=participant.id,
            name=names.get(participant.id, {}).get("name"),
            external_ref=participant.external_ref,
            school_class=participant.place.school_class,
            grade=participant.place.grade,
            consented=participant.consent is not None,
            guardians_linked=len(participant.linked),
            progress=SeasonView.of(participant, season, progress),
        )


class PupilPage(BaseModel):
    """A page of a school's list, by class."""

    items: list[PupilView]
    next: str | None
    """The cursor to go on from; none at the end."""
