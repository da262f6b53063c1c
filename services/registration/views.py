"""What is shown of the register to those in whose scope it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from services.registration.domain import Consent, Participant
from services.registration.organisations import Organisation
from services.registration.steps import Steps
from shared.base.models import Answer
from shared.contracts.registration import ConsentChannel, Level, OrganisationKind
from shared.http.paging import Page
from shared.programme.moments import zone
from shared.programme.stages import Rules, Stages

Names = Mapping[str, Mapping[str, str]]
"""What the vault holds, by person."""


OrganisationNames = Mapping[str | None, str]
"""The names of organisations in the register, by code."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far pupils have come: their steps by `participant/season`, and the seasons' rules and names."""

    steps: Mapping[str, Steps]
    rules: Mapping[str, Rules]
    seasons: Mapping[str, str]


class OrganisationView(Answer):
    """One entry of the register."""

    code: str
    """The organisation's code, which never changes."""
    kind: OrganisationKind
    """A region, a municipality, or what lies in one."""
    name: str
    """Official name, in Russian."""
    parent: str
    """Code of the organisation above; a region's is `RU`."""
    region: str
    """Code of the region in which it lies; a region's is its own."""
    municipality: str | None
    """Code of the municipality in which it lies, a municipality's is its own; null for a region."""
    utc_offset: str
    """The region's offset, for instance `+03:00`: its local days are told by it."""
    level: Level | None
    """A school's level of the career-guidance minimum: базовый, основной, продвинутый; null for all else."""

    @classmethod
    def of(cls, organisation: Organisation) -> "OrganisationView":
        return cls(code=organisation.id, **organisation.model_dump(exclude={"id", "sequence"}))


class NamedOrganisation(OrganisationView):
    """One entry of the register with the names of where it belongs; null for the nation, and for none."""

    parent_name: str | None
    """Name of the organisation above."""
    region_name: str | None
    """Name of the region, in Russian; null while its definition is missing."""
    municipality_name: str | None
    """Name of the municipality, in Russian; null while its definition is missing."""

    @classmethod
    def named(cls, organisation: Organisation, names: OrganisationNames) -> "NamedOrganisation":
        return cls(
            **OrganisationView.of(organisation).model_dump(),
            parent_name=names.get(organisation.parent),
            region_name=names.get(organisation.region),
            municipality_name=names.get(organisation.municipality),
        )


class OrganisationPage(Page[NamedOrganisation]):
    """Organisations by their codes."""


class SeasonView(Answer):
    """How far a pupil has come in a season; attendances that were revoked are not counted."""

    season: str
    """Code of the season."""
    season_name: str | None
    """Name of the season; null while its definition is missing."""
    registered_at: datetime
    """When the school entered the pupil into the season, on the region's clock."""
    diagnostics: list[str]
    """Codes of the diagnostics that were completed."""
    trials: int
    """Practical trials attended."""
    activities: int
    """Attendances of other kinds, an excursion for instance."""
    recommended: bool
    """True while an individual recommendation is in force."""
    stages: Stages | None
    """When each stage was reached, as the family and the figures have it; null while the season's rules are missing."""

    @classmethod
    def of(cls, participant: Participant, season: str, progress: Progress) -> "SeasonView":
        registered = participant.seasons[season].astimezone(zone(participant.place.utc_offset))
        steps = progress.steps.get(f"{participant.id}/{season}", Steps())
        facts, rules = steps.facts(registered), progress.rules.get(season)
        return cls(
            season=season,
            season_name=progress.seasons.get(season),
            registered_at=registered,
            diagnostics=sorted({code for code, _ in facts.diagnostics}),
            trials=steps.trials(),
            activities=len(steps.kinds()) - steps.trials(),
            recommended=any(True for _ in facts.recommended),
            stages=None if rules is None else Stages.of(facts, rules),
        )


class ConsentView(Answer):
    """The consent in force."""

    version: str
    """Version of the document that was consented to."""
    channel: ConsentChannel
    """How it was given: by Госуслуги, on paper, or in the guardian's cabinet."""
    given_at: datetime
    """When it was given, on the region's clock."""
    guardian: str
    """Id of the guardian who gave it."""

    @classmethod
    def of(cls, participant: Participant) -> "ConsentView | None":
        consent = participant.consent
        return None if consent is None else cls(**told(participant, consent))


def told(participant: Participant, consent: Consent) -> dict[str, Any]:
    """The fields of a consent that are shown, on the region's clock."""
    local = zone(participant.place.utc_offset)
    told = consent.model_dump(exclude={"withdrawn_at"})
    return told | {"given_at": consent.given_at.astimezone(local)}


class GuardianView(Answer):
    """A legal representative of a pupil."""

    guardian: str
    """Random id; it names the guardian in consents and events."""
    name: str | None
    """Full name as the school entered it; null once it was erased."""
    linked: bool
    """True where the guardian opened a cabinet for this pupil."""


class ParticipantView(Answer):
    """One pupil, for the school and for the family."""

    participant: str
    """Random id, the same in every service."""
    name: str | None
    """Full name as the school entered it; null once it was erased."""
    birth_date: str | None
    """Date of birth as `2007-05-17`; null once it was erased."""
    region: str
    """Code of the region in which the pupil learns."""
    region_name: str | None
    """Name of the region, in Russian; null while its definition is missing."""
    municipality: str
    """Code of the municipality in which the pupil learns."""
    municipality_name: str | None
    """Name of the municipality, in Russian; null while its definition is missing."""
    school: str
    """Code of the school where the pupil learns."""
    school_name: str | None
    """Name of that school."""
    school_class: Annotated[str, Field(serialization_alias="class")]
    """The class as the school writes it, for instance «7А»."""
    grade: int
    """Year of school, 6 to 11 in the programme."""
    disability: bool
    """Limited health or disability, as the school entered it; never told outside the school and the family."""
    external_ref: str
    """The school's own key of the pupil, unique within the school."""
    account_linked: bool
    """True where the pupil opened an own cabinet."""
    guardians: list[GuardianView]
    """All of them for the school, oneself alone for a guardian."""
    consent: ConsentView | None
    """The guardian's consent in force; null where there is none."""
    seasons: list[SeasonView]
    """Progress in every season into which the pupil was entered."""

    @classmethod
    def of(cls, participant: Participant, known: "Known", shown_guardians: Sequence[str]) -> "ParticipantView":
        names, progress, place = known.names, known.progress, participant.place
        own = names.get(participant.id, {})
        return cls(
            participant=participant.id,
            name=own.get("name"),
            birth_date=own.get("birth_date"),
            **place.model_dump(exclude={"utc_offset"}),
            region_name=known.organisations.get(place.region),
            municipality_name=known.organisations.get(place.municipality),
            school_name=known.organisations.get(place.school),
            disability=participant.disability,
            external_ref=participant.external_ref,
            account_linked=participant.account is not None,
            guardians=[
                GuardianView(guardian=id, name=names.get(id, {}).get("name"), linked=id in participant.linked)
                for id in shown_guardians
            ],
            consent=ConsentView.of(participant),
            seasons=[SeasonView.of(participant, s, progress) for s in participant.seasons],
        )


@dataclass(frozen=True, slots=True)
class Known:
    """What is read beside pupils to show them: names of persons and organisations, and how far they have come."""

    names: Names
    organisations: OrganisationNames
    progress: Progress


class PupilView(Answer):
    """One line of a school's list: enough to see who is stuck, and at what."""

    participant: str
    """Random id, the same in every service."""
    name: str | None
    """Full name as the school entered it; null once it was erased."""
    external_ref: str
    """The school's own key of the pupil, unique within the school."""
    school_class: Annotated[str, Field(serialization_alias="class")]
    """The class as the school writes it, for instance «7А»."""
    grade: int
    """Year of school, 6 to 11 in the programme."""
    consented: bool
    """True while a guardian's consent is in force."""
    guardians_linked: int
    """Number of guardians who opened a cabinet for the pupil."""
    progress: SeasonView
    """How far the pupil has come in the season asked for."""

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


class PupilPage(Page[PupilView]):
    """A page of a school's list, by class."""
