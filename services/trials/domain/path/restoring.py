"""Paths and the catalogue as events of before tell of them, for a database that knows an earlier time. Pure.

Events have no answers, no profile and no reason of a revocation: those are not made up.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.trials.domain.catalogue.competencies import Competency
from services.trials.domain.catalogue.diagnostics import Attempt
from services.trials.domain.money.quotas import QuotaEntry
from services.trials.domain.path.corrections import corrected, noting, opinion_of
from services.trials.domain.path.path_parts import Attendance, Booking, Correction, Lesson, Recommendation
from services.trials.domain.path.paths import Path
from services.trials.domain.path.rounds import completing
from services.trials.domain.path.rounds import without as without_attempts
from services.trials.domain.places.programmes import Criterion, Programme
from services.trials.domain.places.venue_terms import VenueTerms
from services.trials.domain.places.venues import Venue, without
from services.trials.domain.timetable.slots import Closing, Slot
from shared.contracts.event import Envelope
from shared.contracts.feedback import FeedbackGiven
from shared.contracts.lessons import LessonAttended, LessonRevoked
from shared.contracts.quotas import QuotaEvent, QuotaMoved, QuotaSet
from shared.contracts.timetables import SlotClosed, SlotMoved, SlotResized, TrialMoved
from shared.contracts.trials import (
    AttendanceMissed,
    AttendanceRevoked,
    DiagnosticCompleted,
    DiagnosticRevoked,
    PathEvent,
    RecommendationIssued,
    RecommendationWithdrawn,
    SlotEvent,
    SlotOpened,
    TrialAttended,
    TrialBooked,
    TrialCancelled,
)
from shared.contracts.venues import CompetencyApproved, ProgrammeDefined, VenueRegistered, VenueWithdrawn
from shared.identity.grants import NATION

STEPS: Sequence[type[PathEvent]] = (
    DiagnosticCompleted,
    DiagnosticRevoked,
    TrialBooked,
    TrialMoved,
    TrialCancelled,
    TrialAttended,
    AttendanceMissed,
    AttendanceRevoked,
    FeedbackGiven,
    LessonAttended,
    LessonRevoked,
    RecommendationIssued,
    RecommendationWithdrawn,
)
"""What `walked` takes."""


def walked(path: Path, envelope: Envelope, slots: Mapping[str, Slot]) -> Path:
    """Returns a path after one more step, with its sequence; `slots` are those that were ever opened.

    Bookings that moved are `moved` apart. A correction of a part that the path does not have changes nothing of it: it
    is another entry's.
    """
    event, time, state = envelope.event, envelope.time, path
    match event:
        case DiagnosticCompleted():
            state = _attempted(path, event, time)
        case TrialBooked() if (slot := slots.get(event.slot)) is not None:
            state = path.model_copy(update={"bookings": (*path.bookings, _booking(event, slot, time))})
        case TrialAttended():
            named = {name: getattr(event, name) for name in ("booking", "slot", "competency", "kind", "source")}
            attendance = Attendance(id=event.attendance, time=time, **named)
            state = path.model_copy(update={"attendances": (*path.attendances, attendance)})
        case LessonAttended():
            named = {name: getattr(event, name) for name in ("lesson", "theme", "school", "school_class")}
            lesson = Lesson(id=event.attendance, time=time, **named)
            state = path.model_copy(update={"lessons": (*path.lessons, lesson)})
        case RecommendationIssued():
            said = event.model_dump(include={"competencies", "revision", "revised_at"})
            issued = Recommendation(id=event.recommendation, time=time, **said)
            state = path.model_copy(update={"recommendation": issued})
    if (correction := correction_of(envelope)) is not None:
        others = tuple(
            known for known in path.corrections if (known.kind, known.id) != (correction.kind, correction.id)
        )
        state = corrected(path, correction).model_copy(update={"corrections": others})
    return state.model_copy(update={"sequence": int(envelope.sequence)})


def moved(path: Path, moves: Iterable[TrialMoved]) -> Path:
    """Returns a path with its own bookings at their new times: another entry's events may tell them, too."""
    times = {event.booking: {"starts_at": event.starts_at, "minutes": event.minutes} for event in moves}
    bookings = (b.model_copy(update=times[b.id]) if b.id in times else b for b in path.bookings)
    return path.model_copy(update={"bookings": tuple(bookings)})


def correction_of(envelope: Envelope) -> Correction | None:
    """Returns what an event takes back; None for one that takes nothing back."""
    match envelope.event:
        case TrialCancelled() as event:
            return Correction(kind="cancelled", id=event.booking, time=envelope.time, because=event.reason)
        case AttendanceMissed() as event:
            return Correction(kind="missed", id=event.booking, time=envelope.time)
        case AttendanceRevoked() as event:
            return Correction(kind="revoked", id=event.attendance, time=envelope.time, why=event.reason)
        case LessonRevoked() as event:
            return Correction(kind="unheld", id=event.attendance, time=envelope.time, why=event.reason)
        case FeedbackGiven() as event:
            return opinion_of(event, envelope.time)
        case DiagnosticRevoked() as event:
            said = {"why": event.reason, "diagnostic": event.diagnostic, "round": event.round}
            return Correction(kind="retracted", id=event.attempt, time=envelope.time, **said)
        case RecommendationWithdrawn() as event:
            return Correction(kind="withdrawn", id=event.recommendation, time=envelope.time, replaced=event.replaced)
    return None


def has(path: Path, correction: Correction) -> bool:
    """Tells whether a path has the part that a correction takes back."""
    match correction.kind:
        case "cancelled" | "missed":
            return any(booking.id == correction.id for booking in path.bookings)
        case "revoked" | "marked" | "starred":
            return any(attendance.id == correction.id for attendance in path.attendances)
        case "unheld":
            return any(lesson.id == correction.id for lesson in path.lessons)
        case "retracted":
            return False  # it stands in no path: the attempts themselves tell whose it is
    return path.recommendation is not None and path.recommendation.id == correction.id


def corrected_elsewhere(path: Path, correction: Correction) -> Path:
    """Returns the path of a duplicate after a survivor's event took a part of it back: it notes that."""
    state = corrected(path, correction)
    if state == path:
        return path
    return noting(state, correction)


def nameless_attempt(envelope: Envelope) -> Attempt | None:
    """Returns the attempt that an event tells of, without answers, profile and the sender's own ref; None for others.

    It can be taken back as any other, and a repeat stands for it then.
    """
    event = envelope.event
    if not isinstance(event, DiagnosticCompleted):
        return None
    id, of = event.attempt, event.diagnostic
    return Attempt(envelope.subject, _ref(id), id, of, b"", profile={}, time=envelope.time, round=event.round)


def retracted(path: Path, gone: Sequence[Correction], noted: Sequence[Correction], left: Sequence[Attempt]) -> Path:
    """Returns a path after attempts on it were taken back: the first of those that are left completes a diagnostic.

    A duplicate's path notes what the survivor's events took back.
    """
    after = without_attempts(path, {(correction.diagnostic, correction.round) for correction in gone}, left)
    refs = {attempt.ref for attempt in left}
    kept = tuple(ref for ref in path.attempts if ref in refs)
    told_elsewhere = (*path.corrections, *noted)
    return after.model_copy(update={"attempts": kept, "corrections": told_elsewhere})


def _attempted(path: Path, event: DiagnosticCompleted, time: datetime) -> Path:
    return completing(path, event.diagnostic, event.round, time, _ref(event.attempt))


def _ref(attempt: str) -> str:
    """The ref of an attempt whose own one is lost: no sender can name it."""
    return f"\x1f{attempt}"


def _booking(event: TrialBooked, slot: Slot, time: datetime) -> Booking:
    first = slot.first or slot.terms  # an event that does not say it is of a release under which no slot moved
    return Booking(
        id=event.booking,
        time=time,
        slot=event.slot,
        venue=event.venue,
        competency=event.competency,
        kind=event.kind,
        starts_at=event.starts_at or first.starts_at,
        minutes=event.minutes or first.minutes,
        school=event.school,
        source=event.source,
    )


def new_path(event: PathEvent) -> Path:
    """Returns the path of an event before its first step."""
    return Path.new(event.participant, event.season)


def competency(envelope: Envelope, event: CompetencyApproved) -> Competency:
    """Returns a competency as it is told."""
    return Competency(id=event.code, sequence=int(envelope.sequence), name=event.name)


def venue(known: Venue | None, envelope: Envelope, event: VenueRegistered) -> Venue:
    """Returns a venue as it is told, in the registries of the seasons of before too; its contact is in no event."""
    seasons = {**(known.seasons if known else {}), event.season: event.registry}
    said = event.model_dump(include={"organisation", "name", "region", "municipality"})
    before = known.terms if known else {}
    after = terms(event, before.get(event.season))
    kept = {season: one for season, one in before.items() if season != event.season}
    kept |= {event.season: after} if after.is_stated else {}
    return Venue(id=event.venue, sequence=int(envelope.sequence), seasons=seasons, terms=kept, **said)


def terms(event: VenueRegistered, before: VenueTerms | None) -> VenueTerms:
    """Returns the terms of a venue as they are told, with the contact of before."""
    address = {"municipality": event.address_municipality, "line": event.address} if event.address else None
    said = event.model_dump(include={"grades", "accessibility", "capacity", "expects"})
    return VenueTerms.model_validate({**said, "address": address, "contact": before.contact if before else None})


def withdrawn(known: Venue, envelope: Envelope, event: VenueWithdrawn) -> Venue:
    """Returns a venue that left the registry of a season."""
    return without(known, event.season).model_copy(update={"sequence": int(envelope.sequence)})


def programme(known: Programme | None, envelope: Envelope, event: ProgrammeDefined) -> Programme:
    """Returns a programme as it is told; where an online one is held is in no event."""
    said = event.model_dump(exclude={"programme", "criteria"})
    criteria = tuple(Criterion(code=code, name=name) for code, name in event.criteria.items())
    link = known.link if known and event.format == "online" else None
    return Programme(id=event.programme, sequence=int(envelope.sequence), criteria=criteria, link=link, **said)


def slot(known: Slot | None, envelope: Envelope, event: SlotOpened, host: Venue | None) -> Slot:
    """Returns a slot as it is told; the venue's own name of it is in no event."""
    said = event.model_dump(exclude={"slot"})
    kept = known.model_dump(include={"ref", "booked", "waiting", "line"}) if known else {"ref": None}
    owner = known.organisation if known else host.organisation if host else event.venue
    return Slot(id=event.slot, sequence=int(envelope.sequence), organisation=owner, **kept, **said)


def quota_entries(told: Iterable[Envelope]) -> list[QuotaEntry]:
    """Returns the entries of the ledger as they are told; the giver's own name of each is in no event."""
    return [_quota_entry(one, one.event) for one in told if isinstance(one.event, QuotaEvent)]


def _quota_entry(envelope: Envelope, event: QuotaEvent) -> QuotaEntry:
    said = {"season": event.season, "unit": event.unit, "time": envelope.time, "sequence": int(envelope.sequence)}
    if isinstance(event, QuotaSet):
        held = {"giver": None, "organisation": NATION, "venue": None, "amount": event.added}
    else:
        assert isinstance(event, QuotaMoved)
        held = event.model_dump(include={"giver", "organisation", "venue", "amount"})
    return QuotaEntry(id=event.entry, **held, **said)


def changed_slot(known: Slot, envelope: Envelope, event: SlotEvent) -> Slot:
    """Returns a slot after a change that is told; the words of a calling off are in no event.

    Its bookings are looked through once more, also where all of them had followed.
    """
    update: dict[str, Any] = {"sequence": int(envelope.sequence)}
    match event:
        case SlotMoved():
            times = {"starts_at": event.starts_at, "minutes": event.minutes}
            update |= times | {"first": known.first or known.terms, "moved_at": envelope.time, "following": ""}
        case SlotResized():
            update |= {"first": known.first or known.terms, "capacity": event.capacity}
        case SlotClosed():
            update |= {"closing": Closing(time=envelope.time, reason=event.reason), "following": ""}
    return known.model_copy(update=update)
