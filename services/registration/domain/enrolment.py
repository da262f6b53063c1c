"""Enrolment of pupils into a season, decided line by line without a read: one transaction writes it all."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from services.registration.codes import Codes
from services.registration.domain.admission import must_be_new, must_be_reached, must_be_there
from services.registration.domain.cabinets import SELF
from services.registration.domain.consents import give_consent
from services.registration.domain.following import then_followed
from services.registration.domain.identities import Identities
from services.registration.domain.moves import move
from services.registration.domain.participants import Consent, Participant
from services.registration.domain.placements import Place, local_day
from services.registration.domain.roster_consents import consent_of, giver_of
from services.registration.domain.roster_entries import MOST_GUARDIANS, GuardianEntry, PupilEntry
from services.registration.domain.roster_rules import faults
from services.registration.domain.rosters import Intake
from services.registration.domain.school_keys import Guardians, NewGuardian, Pupils
from shared.base.errors import BadInput, Conflict
from shared.base.wording import worded
from shared.contracts.codes import ExceptionReason
from shared.contracts.registration import ParticipantMoved, ParticipantRegistered
from shared.programme.texts import ref_key
from shared.storage.decision import Decision, Happened, NewId

Addition = Literal["guardian", "consent", "disability"]
"""What a later roster knows more of a pupil."""
Correctable = Literal["name", "birth_date", "guardian"]
"""What it may know otherwise; of a guardian that is the name."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One pupil's entry into a season, as a roster says it."""

    season: str
    external_ref: str
    place: Place
    disability: bool
    guardians: tuple[str, ...]
    consent: Consent | None
    occurred_at: datetime
    exception: ExceptionReason | None = None
    """The operator's reason to enter it outside the season."""

    @classmethod
    def of(cls, entry: PupilEntry, intake: Intake, guardians: Mapping[str, str]) -> "Enrolment":
        """The entry of a line whose guardians have these ids, by their keys on the line."""
        giver = giver_of(entry)
        return cls(
            season=intake.season.code,
            external_ref=entry.external_ref,
            place=intake.place,
            disability=entry.disability,
            guardians=tuple(guardians.values()),
            consent=consent_of(intake, entry, guardians[giver.ref] if giver else SELF),
            occurred_at=intake.occurred_at,
            exception=intake.exception,
        )


def enrol(current: Participant | None, enrolment: Enrolment, new_id: NewId) -> Decision[Participant]:
    """Registers the pupil for the season; of one who is there already, the roster adds what it knows more.

    One who is in another class on the day of the roster moves to this one. What it does not name stays as it was.
    Raises Conflict for a consent that a withdrawal came after, and where a move or another school's word forbids it.
    """
    if current is not None and enrolment.season in current.seasons:
        moved = _moved(current, enrolment)
        state = _with_disability(with_guardians(moved.state, enrolment.guardians), enrolment)
        return _consented(Decision(state, moved.happened, quiet=state != moved.state), enrolment)
    state = _first(enrolment, new_id()) if current is None else _again(current, enrolment)
    told = {"season": enrolment.season, "disability": enrolment.disability, "exception": enrolment.exception}
    event = ParticipantRegistered(**enrolment.place.event_fields(state.id), **told)
    return _consented(Decision(state, (Happened(event, enrolment.occurred_at),)), enrolment)


def _consented(decision: Decision[Participant], enrolment: Enrolment) -> Decision[Participant]:
    if enrolment.consent is None:
        return decision
    consented = give_consent(decision.state, enrolment.consent)
    return Decision(consented.state, (*decision.happened, *consented.happened), quiet=decision.quiet)


def _first(enrolment: Enrolment, id: str) -> Participant:
    return Participant(
        id=id,
        place=enrolment.place,
        external_ref=enrolment.external_ref,
        ref_key=ref_key(enrolment.external_ref),
        disability=enrolment.disability,
        disability_at=enrolment.occurred_at,
        guardians=_bounded(enrolment.guardians, MOST_GUARDIANS),
        seasons={enrolment.season: enrolment.occurred_at},
    )


def _again(current: Participant, enrolment: Enrolment) -> Participant:
    """The known pupil in one more season; the roster of an earlier time does not say where the pupil is now."""
    change: dict[str, object] = {"seasons": current.seasons | {enrolment.season: enrolment.occurred_at}}
    if enrolment.occurred_at >= max(current.seasons.values()):
        change |= {"disability": enrolment.disability, "disability_at": enrolment.occurred_at}
    state = current.placed(enrolment.occurred_at, enrolment.place).model_copy(update=change)
    return with_guardians(state, enrolment.guardians)


def _moved(current: Participant, enrolment: Enrolment) -> Decision[Participant]:
    """The pupil in the class of the roster from its day on; one before the registration moves nobody."""
    was_there = current.place_on(local_day(enrolment.occurred_at)) is not None
    return move(current, enrolment.place, enrolment.occurred_at) if was_there else Decision(current)


def _with_disability(pupil: Participant, enrolment: Enrolment) -> Participant:
    """The pupil with a disability that the roster says, unless somebody has said otherwise since."""
    said, last = enrolment.occurred_at, pupil.disability_at
    if not enrolment.disability or pupil.disability or (last is not None and said < last):
        return pupil
    return pupil.model_copy(update={"disability": True, "disability_at": said})


def with_guardians(pupil: Participant, guardians: Iterable[str]) -> Participant:
    """The pupil with these guardians beside the known ones; raises Conflict beyond the bound."""
    every = tuple(dict.fromkeys((*pupil.guardians, *guardians)))
    if every == pupil.guardians:
        return pupil
    return pupil.model_copy(update={"guardians": _bounded(every, max(MOST_GUARDIANS, len(pupil.guardians)))})


def _bounded(guardians: Iterable[str], most: int) -> tuple[str, ...]:
    """Each guardian once; raises Conflict where there are more than so many."""
    every = tuple(dict.fromkeys(guardians))
    if len(every) > most:
        detail = worded("the pupil would have more than {most} guardians", most=MOST_GUARDIANS)
        raise Conflict.about("guardians", detail, "too-many-guardians")
    return every


def recognised(pupil: Participant, unknown: Iterable[GuardianEntry], identities: Identities) -> dict[str, str]:
    """The guardians of a pupil from another school, by the keys under which this one names them for the first time."""
    named = unknown if pupil.former else ()
    found = {guardian.ref: identities.namesake(pupil.guardians, guardian.name) for guardian in named}
    return {ref: id for ref, id in found.items() if id is not None}


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The pupil of a line as it is by now, the guardians whom the line names, and what it did."""

    pupil: Participant
    guardians: Mapping[str, str]
    """By the school's own key, as the line writes it."""
    new: bool
    """False where the pupil was in the season before."""
    added: tuple[Addition, ...] = ()
    """What of a known pupil was not known before."""
    corrected: tuple[Correctable, ...] = ()
    """What was known otherwise."""
    moved_from: str | None = None
    """The class from which the line moved the pupil; None where it did not."""


def added(before: Participant, after: Participant) -> Iterator[Addition]:
    """Yields what is known of a pupil that was not known before."""
    if after.guardians != before.guardians:
        yield "guardian"
    if after.consents != before.consents:
        yield "consent"
    if after.disability != before.disability:
        yield "disability"


class EnrolmentBatch:
    """All that rosters write: each line finds the pupils and guardians whom lines before it entered."""

    def __init__(
        self, pupils: Pupils, guardians: Guardians, identities: Identities, codes: Codes, new_id: NewId
    ) -> None:
        self.pupils = pupils
        self.guardians = guardians
        self.identities = identities
        self._codes = codes
        self._new_id = new_id
        self._told: set[tuple[int, str]] = set()
        """Who has been named by a roster: of a guardian who is on several lines, the first says the name."""

    def enrol(self, entry: PupilEntry, intake: Intake, listed: str | None) -> Enrolled:
        """Enters the pupil of a line with the guardians, or adds what the line knows more of a known one.

        `listed` is the place of an earlier line about the pupil. Raises BadInput for a line that breaks a rule,
        Forbidden for a family that is known from classes beyond the sender's grants, Conflict for a consent that
        cannot be in force.
        """
        if broken := list(faults(intake, entry, listed)):
            raise BadInput.of(broken)
        school = intake.place.school
        before = self.pupils.of_school(school, entry.external_ref)
        known = {guardian.ref: self.guardians.get(school, guardian.ref) for guardian in entry.named}
        must_be_reached(self.pupils, before, {entry.word_of(g): known[g.ref] for g in entry.named}, intake)
        if before is not None:
            must_be_there(before, intake)
        else:
            must_be_new(self.pupils, self.identities, entry, intake)
        self._must_be_they(before, entry, known)
        known |= self._recognised(before, entry, known, intake)
        guardians = {ref: id or self._new_id() for ref, id in known.items()}
        decision = enrol(before, Enrolment.of(entry, intake, guardians), self._new_id)
        decision = then_followed(decision, [intake.school] if intake.school else [])
        if decision.made:
            decision = replace(
                decision, state=decision.state.with_codes(self._codes, intake.now, intake.codes_until, extends=True)
            )
            self.pupils.take(decision, intake.by)
        new = [guardian for guardian in entry.named if known[guardian.ref] is None]
        for guardian in new:
            self.guardians.enter(school, guardian.ref, NewGuardian(guardians[guardian.ref], intake.by))
            self.identities.enter(guardians[guardian.ref], intake.occurred_at, **guardian.identity)
        if before is None:
            self.identities.enter(decision.state.id, intake.occurred_at, entry.child, **entry.identity)
        corrected = tuple(dict.fromkeys(self._corrected(decision.state.id, before, entry, guardians, intake)))
        is_new = before is None or intake.season.code not in before.seasons
        more = () if is_new or before is None else tuple(added(before, decision.state))
        return Enrolled(decision.state, guardians, is_new, more, corrected, _moved_from(decision))

    def _recognised(
        self, before: Participant | None, entry: PupilEntry, known: Mapping[str, str | None], intake: Intake
    ) -> Mapping[str, str]:
        """The guardians of a pupil from another school whom this one names for the first time, by their keys here."""
        if before is None:
            return {}
        unknown = (guardian for guardian in entry.named if known[guardian.ref] is None)
        same = recognised(before, unknown, self.identities)
        for ref, id in same.items():
            self.guardians.enter(intake.place.school, ref, NewGuardian(id, intake.by, is_known=True))
        return same

    def _must_be_they(self, pupil: Participant | None, entry: PupilEntry, guardians: Mapping[str, str | None]) -> None:
        """Raises Conflict where a key names another person than before."""
        if pupil is not None:
            self.identities.must_be(pupil.id, "external_ref", entry.identity)
        for guardian in entry.named:
            if (id := guardians[guardian.ref]) is not None:
                self.identities.must_be(id, entry.word_of(guardian), guardian.identity)

    def _corrected(
        self,
        pupil: str,
        before: Participant | None,
        entry: PupilEntry,
        guardians: Mapping[str, str],
        intake: Intake,
    ) -> Iterator[Correctable]:
        """Corrects what the line says otherwise of persons who were entered before; yields what that is."""
        time, by = intake.occurred_at, intake.by
        since = None if before is None else max(before.seasons.values())
        yield from self.identities.correct(pupil, pupil, entry.identity, time, by, since)
        for guardian in entry.named:
            person = guardians[guardian.ref]
            if (intake.number, person) not in self._told:
                self._told.add((intake.number, person))
                for _ in self.identities.correct(person, pupil, guardian.identity, time, by):
                    yield "guardian"


def _moved_from(decision: Decision[Participant]) -> str | None:
    moves = (happened.event for happened in decision.happened if isinstance(happened.event, ParticipantMoved))
    return next((event.from_school_class for event in moves if event.from_school_class != event.to_school_class), None)
