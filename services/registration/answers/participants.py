"""Pupils as they are shown to the school and to the family."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from services.registration.answers.organisations import OrganisationNames
from services.registration.answers.progress import Progress, SeasonView
from services.registration.codes import Codes
from services.registration.domain.enrolment import Addition, Correctable, Enrolled
from services.registration.domain.identities import GuardianKind
from services.registration.domain.opening_balances import OpeningBalance
from services.registration.domain.participants import Consent, Participant
from shared.base.models import Answer
from shared.contracts.registration import ArchiveReason, ConsentChannel
from shared.http.paging import Page
from shared.programme.moments import zone

Names = Mapping[str, Mapping[str, str]]
"""The identities that the vault holds, by person."""


class ConsentView(Answer):
    """A consent."""

    version: str
    """Version of the document that was consented to."""
    channel: ConsentChannel
    """The way in which it was given: by Госуслуги, on paper, or in the guardian's cabinet."""
    given_at: datetime
    """The time when it was given, on the region's clock."""
    guardian: str | None
    """Id of the guardian who gave it; `self` for the pupil, who was of age; null once she was erased."""
    template: str | None
    """SHA-256 of the text that was consented to; null where the region had no template."""
    register_number: str | None
    """Number under which the school keeps a consent on paper; null where none was said."""
    until: datetime | None
    """The time from which on it is in force no longer, on the region's clock; null where it has no term."""

    @classmethod
    def of(cls, participant: Participant, now: datetime) -> "ConsentView | None":
        """The consent of a pupil that is in force."""
        consent = participant.consent_at(now)
        return None if consent is None else cls(**told(participant, consent))


def told(participant: Participant, consent: Consent) -> dict[str, Any]:
    """The fields of a consent that are shown, on the region's clock."""
    local = zone(participant.place.utc_offset)
    told = consent.model_dump(exclude={"withdrawn_at"})
    return told | {
        "guardian": consent.guardian or None,
        "given_at": consent.given_at.astimezone(local),
        "until": consent.until and consent.until.astimezone(local),
    }


class GuardianView(Answer):
    """A legal representative of a pupil."""

    guardian: str
    """Random id; it names the guardian in consents and events."""
    name: str | None
    """Full name of a person, or the name of an organisation, as the school entered it; null once it was erased."""
    kind: GuardianKind
    """A person, or an organisation as an orphanage or a guardianship body."""
    inn: str | None
    """ИНН of an organisation; null where it is not known, and of a person."""
    ogrn: str | None
    """ОГРН of an organisation; null where it is not known, and of a person."""
    linked: bool
    """True where the guardian opened a cabinet for this pupil."""
    kept: bool
    """True where the pupil has said that the cabinet stays from the 18th birthday on."""

    @classmethod
    def of(cls, pupil: Participant, id: str, identity: Mapping[str, str]) -> "GuardianView":
        """The view of a guardian of a pupil, with what the vault says of one."""
        kind: GuardianKind = "organisation" if identity.get("kind") == "organisation" else "person"
        told = {field: identity.get(field) for field in ("name", "inn", "ogrn")}
        return cls(guardian=id, kind=kind, **told, linked=id in pupil.linked, kept=id in pupil.kept)


class GuardianItem(Answer):
    """A guardian who was named for a pupil."""

    ref: str
    """The school's own key of the guardian, as it was sent."""
    guardian: str
    """Random id of the guardian."""
    link_code: str | None = None
    """The guardian's one-time code for this pupil, until it is redeemed."""

    @classmethod
    def of(cls, pupil: Participant, named: Mapping[str, str], codes: Codes, now: datetime) -> "list[GuardianItem]":
        """The guardians of a pupil who were named, by the school's own keys; a redeemed code is not shown again."""
        return [cls(ref=ref, guardian=id, link_code=pupil.code_shown(codes, id, now)) for ref, id in named.items()]


class AmendedView(Answer):
    """The outcome of an amendment."""

    participant: str
    """Id of the pupil."""
    added: list[Addition]
    """What was not known before, or is another now where it is the disability."""
    corrected: list[Correctable]
    """What was known otherwise; of a guardian, the name. What was said again with an earlier time is not here."""
    guardians: list[GuardianItem]
    """The guardians who were named, each with a link code."""

    @classmethod
    def of(cls, amended: Enrolled, codes: Codes, now: datetime) -> "AmendedView":
        """The outcome for one pupil."""
        return cls(
            participant=amended.pupil.id,
            added=list(amended.added),
            corrected=list(amended.corrected),
            guardians=GuardianItem.of(amended.pupil, amended.guardians, codes, now),
        )


class OpeningBalanceView(Answer):
    """The opening balance of a pupil for a calendar year: counts of another system, which are in no figure."""

    year: int
    """The calendar year."""
    diagnostics: int
    """Diagnostics that were passed."""
    trials: int
    """Trials that were attended, professional ones and partners'."""
    excursions: int
    """Excursions to enterprises that were attended."""
    museums: int
    """Excursions to museums of companies that were attended."""
    master_classes: int
    """Master classes that were attended."""


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
    archived: ArchiveReason | None
    """The reason why the pupil is in the archive; null where the pupil takes part."""
    duplicates: list[str]
    """Ids of other entries of the pupil that were merged into this one, and lead here."""
    account_linked: bool
    """True where the pupil opened an own cabinet."""
    guardians: list[GuardianView]
    """All of them for the school, oneself alone for a guardian."""
    consent: ConsentView | None
    """The consent in force; null where there is none."""
    seasons: list[SeasonView]
    """Progress in every season into which the pupil was entered."""
    opening_balances: list[OpeningBalanceView]
    """Opening balances by year, which a file of another system said; for staff alone, and in no figure."""

    @classmethod
    def of(cls, participant: Participant, known: "Known", shown_guardians: Sequence[str]) -> "ParticipantView":
        """One pupil with some of the guardians."""
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
            archived=participant.archived and participant.archived.reason,
            duplicates=list(participant.duplicates),
            account_linked=participant.account is not None,
            guardians=[GuardianView.of(participant, id, names.get(id, {})) for id in shown_guardians],
            consent=ConsentView.of(participant, known.now),
            seasons=[SeasonView.of(participant, s, progress) for s in participant.seasons],
            opening_balances=[OpeningBalanceView(**one.model_dump(exclude={"participant"})) for one in known.balances],
        )


@dataclass(frozen=True, slots=True)
class Known:
    """All that is shown of pupils beside what they are: names of persons and organisations, and progress."""

    names: Names
    organisations: OrganisationNames
    progress: Progress
    now: datetime
    balances: Sequence[OpeningBalance] = ()
    """Of the one pupil who is shown to staff."""


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
    archived: ArchiveReason | None
    """The reason why the pupil is in the archive; null where the pupil takes part."""
    consented: bool
    """True while a consent is in force."""
    guardians_linked: int
    """Number of guardians who opened a cabinet for the pupil."""
    progress: SeasonView
    """The pupil's progress in the season asked for."""

    @classmethod
    def of(cls, participant: Participant, season: str, names: Names, progress: Progress, now: datetime) -> "PupilView":
        """The line of a pupil."""
        return cls(
            participant=participant.id,
            name=names.get(participant.id, {}).get("name"),
            external_ref=participant.external_ref,
            school_class=participant.place.school_class,
            grade=participant.place.grade,
            archived=participant.archived and participant.archived.reason,
            consented=participant.consent_at(now) is not None,
            guardians_linked=len(participant.linked),
            progress=SeasonView.of(participant, season, progress),
        )


class PupilPage(Page[PupilView]):
    """A page of a school's list, by class."""
