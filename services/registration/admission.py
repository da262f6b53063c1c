"""What a checked roster changes, decided line by line without a read: one transaction writes it all."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.registration.codes import Codes, LinkCode
from services.registration.domain import Consent, Enrolment, NewId, Participant, enrol
from services.registration.organisations import local
from services.registration.roster import Lines, PupilEntry, RosterItem, Setting, refusal
from services.registration.vault import Identity
from shared.decision import Decision
from shared.errors import ServiceError


@dataclass(frozen=True, slots=True)
class Known:
    """Who of a school is in the register already, by the school's keys."""

    pupils: Mapping[str, Participant]
    guardians: Mapping[str, str]
    """Ids by ref: one for a guardian of several children of the same school."""


@dataclass(frozen=True, slots=True)
class Admission:
    """All that one roster writes, and what became of each line."""

    items: dict[int, RosterItem] = field(default_factory=dict)
    """By the line's index."""
    decisions: list[Decision[Participant]] = field(default_factory=list)
    guardians: dict[str, str] = field(default_factory=dict)
    """Ids of the new ones by ref."""
    identities: dict[str, Identity] = field(default_factory=dict)
    """Of new pupils and guardians, by id."""
    codes: list[LinkCode] = field(default_factory=list)


def admit(lines: Lines, setting: Setting, known: Known, codes: Codes, new_id: NewId) -> Admission:
    """Decides on every line; the guardian of a pupil who is in the season already is not entered."""
    admission = Admission(items=dict(lines.refused))
    for index, entry in lines.entries.items():
        guardian = _guardian(entry, known, admission, new_id)
        before = known.pupils.get(entry.external_ref)
        try:
            decision = enrol(before, _enrolment(entry, setting, guardian), new_id)
        except ServiceError as error:
            admission.items[index] = refusal(entry.external_ref, error)
            continue
        if decision.happened:
            admission.decisions.append(decision)
            _enter_pupil(admission, entry, before, decision.state)
            if guardian is not None:
                _enter_guardian(admission, entry, before, decision.state, guardian, known)
        admission.items[index] = _item(entry, decision, guardian, codes)
    return admission


def _guardian(entry: PupilEntry, known: Known, admission: Admission, new_id: NewId) -> str | None:
    """The id of the line's guardian: known, new by an earlier line, or new by this one."""
    if entry.guardian is None:
        return None
    ref = entry.guardian.ref
    return known.guardians.get(ref) or admission.guardians.get(ref) or new_id()


def _enrolment(entry: PupilEntry, setting: Setting, guardian: str | None) -> Enrolment:
    return Enrolment(
        season=setting.season.code,
        external_ref=entry.external_ref,
        place=setting.place,
        disability=entry.disability,
        guardian=guardian,
        consent=_consent(entry, setting, guardian),
        occurred_at=setting.occurred_at,
    )


def _consent(entry: PupilEntry, setting: Setting, guardian: str | None) -> Consent | None:
    if entry.consent is None or guardian is None:
        return None
    return Consent(
        version=entry.consent.version,
        channel=entry.consent.channel,
        given_at=local(entry.consent.given_at, setting.place.utc_offset),
        guardian=guardian,
    )


def _enter_pupil(admission: Admission, entry: PupilEntry, before: Participant | None, pupil: Participant) -> None:
    if before is None:
        admission.identities[pupil.id] = {"name": entry.name, "birth_date": entry.birth_date.isoformat()}
        admission.codes.append(LinkCode("account", pupil.id))


def _enter_guardian(
    admission: Admission,
    entry: PupilEntry,
    before: Participant | None,
    pupil: Participant,
    guardian: str,
    known: Known,
) -> None:
    assert entry.guardian is not None
    if entry.guardian.ref not in known.guardians:
        admission.guardians[entry.guardian.ref] = guardian
        admission.identities.setdefault(guardian, {"name": entry.guardian.name})
    if before is None or guardian not in before.guardians:
        admission.codes.append(LinkCode("guardian", pupil.id, guardian))


def _item(entry: PupilEntry, decision: Decision[Participant], guardian: str | None, codes: Codes) -> RosterItem:
    """The answer; a code that was redeemed is not shown again."""
    pupil = decision.state
    shown = guardian if guardian in pupil.guardians else None
    open_to_guardian = shown is not None and shown not in pupil.linked
    return RosterItem(
        external_ref=entry.external_ref,
        status="created" if decision.happened else "known",
        participant=pupil.id,
        guardian=shown,
        link_code=codes.text(LinkCode("guardian", pupil.id, shown)) if open_to_guardian else None,
        account_code=codes.text(LinkCode("account", pupil.id)) if pupil.account is None else None,
    )
