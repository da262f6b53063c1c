"""Enrolment of pupils into a season, decided line by line without a read: one transaction writes it all."""

from dataclasses import dataclass
from datetime import datetime

from services.registration.codes import Codes
from services.registration.domain.consents import give_consent
from services.registration.domain.participants import Consent, NewId, Participant, Place
from services.registration.domain.rosters import GuardianEntry, Intake, PupilEntry
from services.registration.domain.school_keys import Guardians, NewGuardian, Pupils
from services.registration.vault import Identity
from shared.base.errors import BadInput, FieldError, Forbidden
from shared.contracts.registration import ParticipantRegistered
from shared.programme.moments import zone
from shared.programme.texts import ref_key
from shared.storage.decision import Decision, Happened


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One pupil's entry into a season, as a roster says it."""

    season: str
    external_ref: str
    place: Place
    disability: bool
    guardian: str | None
    consent: Consent | None
    occurred_at: datetime

    @classmethod
    def of(cls, entry: PupilEntry, intake: Intake, guardian: str | None) -> "Enrolment":
        """The entry of a line whose guardian has this id."""
        return cls(
            season=intake.season.code,
            external_ref=entry.external_ref,
            place=intake.place,
            disability=entry.disability,
            guardian=guardian,
            consent=_consent(entry, intake, guardian),
            occurred_at=intake.occurred_at,
        )


def _consent(entry: PupilEntry, intake: Intake, guardian: str | None) -> Consent | None:
    if entry.consent is None or guardian is None:
        return None
    return Consent(
        version=entry.consent.version,
        channel=entry.consent.channel,
        given_at=entry.consent.given_at.astimezone(zone(intake.place.utc_offset)),
        guardian=guardian,
    )


def enrol(current: Participant | None, enrolment: Enrolment, new_id: NewId) -> Decision[Participant]:
    """Registers the pupil for the season; nothing happens to one who is already."""
    if current is not None and enrolment.season in current.seasons:
        return Decision(current)
    state = _first(enrolment, new_id()) if current is None else _again(current, enrolment)
    event = ParticipantRegistered(
        **enrolment.place.event_fields(state.id), season=enrolment.season, disability=enrolment.disability
    )
    registered = Happened(event, enrolment.occurred_at)
    if enrolment.consent is None:
        return Decision(state, (registered,))
    consented = give_consent(state, enrolment.consent)
    return Decision(consented.state, (registered, *consented.happened))


def _first(enrolment: Enrolment, id: str) -> Participant:
    return Participant(
        id=id,
        place=enrolment.place,
        external_ref=enrolment.external_ref,
        ref_key=ref_key(enrolment.external_ref),
        disability=enrolment.disability,
        guardians=(enrolment.guardian,) if enrolment.guardian else (),
        seasons={enrolment.season: enrolment.occurred_at},
    )


def _again(current: Participant, enrolment: Enrolment) -> Participant:
    """The known pupil in one more season; the roster of an earlier time does not say where the pupil is now."""
    change: dict[str, object] = {"seasons": current.seasons | {enrolment.season: enrolment.occurred_at}}
    if enrolment.occurred_at >= max(current.seasons.values()):
        change |= {"place": enrolment.place, "disability": enrolment.disability}
    if enrolment.guardian and enrolment.guardian not in current.guardians:
        change["guardians"] = (*current.guardians, enrolment.guardian)
    return current.model_copy(update=change)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The pupil of a line as it is by now, and the guardian of the pupil whom the line names."""

    pupil: Participant
    guardian: str | None
    new: bool
    """False where the pupil was in the season before."""


class EnrolmentBatch:
    """All that rosters write: each line finds the pupils and guardians whom lines before it entered."""

    def __init__(self, pupils: Pupils, guardians: Guardians, codes: Codes, new_id: NewId) -> None:
        self.pupils = pupils
        self.guardians = guardians
        self.identities: dict[str, Identity] = {}
        """The identities of new pupils and guardians, by id."""
        self._codes = codes
        self._new_id = new_id

    def enrol(self, entry: PupilEntry, intake: Intake, listed: str | None) -> Enrolled:
        """Enters the pupil of a line, and the guardian unless the pupil is in the season already.

        `listed` is the place of an earlier line about the pupil. Raises BadInput for a line that breaks a rule,
        Forbidden for a family that is known from classes beyond the sender's grants, Conflict for a consent that
        cannot be in force.
        """
        if faults := list(intake.faults(entry, listed)):
            raise BadInput.of(faults)
        before = self.pupils.of_school(intake.place.school, entry.external_ref)
        known = self._known(entry.guardian, intake)
        self._must_be_reached(before, known, intake)
        guardian = known or (self._new_id() if entry.guardian else None)
        decision = enrol(before, Enrolment.of(entry, intake, guardian), self._new_id)
        if decision.happened:
            decision = Decision(decision.state.with_codes(self._codes), decision.happened)
            self.pupils.take(decision, intake.by)
            if before is None:
                self.identities[decision.state.id] = {"name": entry.name, "birth_date": entry.birth_date.isoformat()}
            if entry.guardian and guardian and known is None:
                self.guardians.enter(intake.place.school, entry.guardian.ref, NewGuardian(guardian, intake.by))
                self.identities[guardian] = {"name": entry.guardian.name}
        shown = guardian if guardian in decision.state.guardians else None
        return Enrolled(decision.state, shown, new=bool(decision.happened))

    def _known(self, guardian: GuardianEntry | None, intake: Intake) -> str | None:
        """The id of a guardian who was known before, or is by an earlier line."""
        return None if guardian is None else self.guardians.get(intake.place.school, guardian.ref)

    def _must_be_reached(self, pupil: Participant | None, guardian: str | None, intake: Intake) -> None:
        """Raises Forbidden where the school knows the pupil or the guardian from classes of others than the sender.

        The answer would hold their ids and codes, and a code of a made-up sibling would bind the guardian's account.
        """
        if pupil is not None and not intake.reaches([pupil.place.school_class]):
            raise _foreign("external_ref", "this pupil")
        if guardian is not None and not intake.reaches(self.pupils.classes_of(guardian)):
            raise _foreign("guardian/ref", "this guardian")


def _foreign(word: str, whom: str) -> Forbidden:
    why = (
        f"another class's roster knows {whom}, and the token's grants do not cover that class: "
        "the school's navigator for the whole school or an operator enters such a pupil"
    )
    return Forbidden(f"{word}: {why}", slug="another-class", errors=[FieldError(word, why)])
