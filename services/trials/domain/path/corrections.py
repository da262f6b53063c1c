"""Parts of a path that are taken back, in the path of the entry that has them; and told once more after a parting.

While entries are joined, all is told under the survivor's key, since the set of what all of them told is what counts.
A duplicate's booking that is cancelled then has its `trial.booked` under the one key and its `trial.cancelled` under
the other. Once they are parted, each key's events are read alone: those of the duplicate would say for ever that the
booking is in force. So its path notes what was told for it elsewhere, and tells it itself with the parting, as of the
time at which it happened. The survivor's event then takes back what that key never had, which changes nothing.

Marks and stars of an attendance go the same way: they take nothing back, but stand beside it on its entry's path.
"""

from datetime import datetime
from typing import Any, TypeVar

from services.trials.copies.participants import Participant
from services.trials.domain.path.path_parts import Attendance, Booking, Correction, Lesson, Marks, Opinion, Stars
from services.trials.domain.path.paths import Path
from shared.contracts.event import Event
from shared.contracts.feedback import FeedbackGiven
from shared.contracts.lessons import LessonRevoked
from shared.contracts.trials import (
    AttendanceMissed,
    AttendanceRevoked,
    DiagnosticRevoked,
    RecommendationWithdrawn,
    TrialCancelled,
)
from shared.storage.decision import Decision, Happened

Part = TypeVar("Part", Attendance, Lesson)


def taken_back(
    decision: Decision[Path], pupil: Participant, correction: Correction, reason: str | None = None
) -> Decision[Path]:
    """Returns the decision with a part of the path taken back, and told under the key of the pupil."""
    path = corrected(decision.state, correction, reason)
    event = told(decision.state, pupil, correction)
    return Decision(path, (*decision.happened, Happened(event, correction.time)))


def corrected(path: Path, correction: Correction, reason: str | None = None) -> Path:
    """Returns the path after a part of it was taken back; a duplicate that had the part notes it."""
    duplicates = tuple(_noted(duplicate, correction, reason) for duplicate in path.duplicates)
    return _without(path, correction, reason).model_copy(update={"duplicates": duplicates})


def _noted(duplicate: Path, correction: Correction, reason: str | None) -> Path:
    after = _without(duplicate, correction, reason)
    if after is duplicate:
        return duplicate
    return noting(after, correction)


def noting(path: Path, correction: Correction) -> Path:
    """Returns the path of a duplicate that is to tell a correction itself: of one kind and part the last."""
    others = (known for known in path.corrections if (known.kind, known.id) != (correction.kind, correction.id))
    return path.model_copy(update={"corrections": (*others, correction)})


def _without(path: Path, correction: Correction, reason: str | None) -> Path:
    """Returns the path of one entry without a part; the path itself where it has none of this id."""
    id, time = correction.id, correction.time
    match correction.kind:
        case "cancelled" if any(b.id == id for b in path.bookings):
            given_up = {"cancelled": time, "given_up": None if correction.because == "unsaid" else correction.because}
            bookings = (b.model_copy(update=given_up) if b.id == id else b for b in path.bookings)
            return path.model_copy(update={"bookings": tuple(bookings)})
        case "missed" if any(b.id == id for b in path.bookings):
            not_kept = (b.model_copy(update={"missed": time}) if b.id == id else b for b in path.bookings)
            return path.model_copy(update={"bookings": tuple(not_kept)})
        case "revoked" if any(a.id == id for a in path.attendances):
            return path.model_copy(update={"attendances": _revoked(path.attendances, correction, reason)})
        case "marked" | "starred":
            return _with_opinion(path, correction)
        case "unheld" if any(a.id == id for a in path.lessons):
            return path.model_copy(update={"lessons": _revoked(path.lessons, correction, reason)})
        case "withdrawn" if path.recommendation is not None and path.recommendation.id == id:
            revisions = max(path.revisions, path.recommendation.revision)
            return path.model_copy(update={"recommendation": None, "revisions": revisions})
    return path


def _with_opinion(path: Path, correction: Correction) -> Path:
    """Returns the path with what is said of one of its attendances; the path itself where it has that or more."""
    field, said = ("feedback", correction.marks) if correction.kind == "marked" else ("review", correction.stars)
    known = next((a for a in path.attendances if a.id == correction.id), None)
    if known is None or said is None:
        return path
    held: Opinion | None = getattr(known, field)
    if held is not None and held.revision >= said.revision:
        return path
    attendances = (a.model_copy(update={field: said}) if a is known else a for a in path.attendances)
    return path.model_copy(update={"attendances": tuple(attendances)})


def _revoked(parts: tuple[Part, ...], correction: Correction, reason: str | None) -> tuple[Part, ...]:
    change = {"revoked": correction.time, "reason": reason}
    return tuple(part.model_copy(update=change) if part.id == correction.id else part for part in parts)


def told(path: Path, pupil: Participant, correction: Correction) -> Event:
    """Returns the event of a correction, of whichever entry's part, under the key of this pupil."""
    fields = {**pupil.event_fields, "season": path.season}
    match correction.kind:
        case "cancelled":
            of, reason = _slot(path.booking(correction.id)), correction.because
            return TrialCancelled(**fields, **of, booking=correction.id, reason=reason)
        case "missed":
            booking = path.booking(correction.id)
            return AttendanceMissed(**fields, **_slot(booking), booking=booking.id, venue=booking.venue)
        case "revoked":
            of = _slot(path.attendance(correction.id))
            return AttendanceRevoked(**fields, **of, attendance=correction.id, reason=correction.why)
        case "marked" | "starred":
            attendance = path.attendance(correction.id)
            said = _opinion(correction)
            return FeedbackGiven(**fields, **_slot(attendance), attendance=attendance.id, **said)
        case "unheld":
            lesson = next(a for entry in path.entries for a in entry.lessons if a.id == correction.id)
            of = {"lesson": lesson.lesson, "theme": lesson.theme}
            return LessonRevoked(**fields, **of, attendance=lesson.id, reason=correction.why)
        case "withdrawn":
            return RecommendationWithdrawn(**fields, recommendation=correction.id, replaced=correction.replaced)
        case "retracted":
            attempt, why, of = correction.id, correction.why, {"diagnostic": correction.diagnostic}
            return DiagnosticRevoked(**fields, **of, attempt=attempt, reason=why, round=correction.round)


def opinion_of(event: FeedbackGiven, time: datetime) -> Correction:
    """Returns what an event says of an attendance."""
    said = {"time": time, **event.model_dump(include={"programme", "marks", "stars", "revision"})}
    if event.giver == "mentor":
        return Correction(kind="marked", id=event.attendance, time=time, marks=Marks.model_validate(said))
    return Correction(kind="starred", id=event.attendance, time=time, stars=Stars.model_validate(said))


def _opinion(correction: Correction) -> dict[str, Any]:
    if (marks := correction.marks) is not None:
        return {"giver": "mentor", **marks.model_dump(include={"programme", "marks", "revision"})}
    assert correction.stars is not None
    return {"giver": "pupil", **correction.stars.model_dump(include={"stars", "revision"})}


def _slot(of: Booking | Attendance) -> dict[str, str]:
    return {"slot": of.slot, "competency": of.competency, "kind": of.kind}


def told_again(path: Path, pupil: Participant) -> Decision[Path]:
    """Tells under a pupil's own key what was taken back of the path while the pupil was joined to a survivor."""
    happened = tuple(Happened(told(path, pupil, one), one.time) for one in path.corrections)
    return Decision(path.model_copy(update={"corrections": ()}) if happened else path, happened)
