"""The steps of a path: diagnostics, bookings, attendances and their revocation, and the recommendation that follows."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from services.trials.copies.joining import Joined
from services.trials.copies.participants import Participant
from services.trials.domain.catalogue.diagnostics import Attempt
from services.trials.domain.path.corrections import taken_back, told_again
from services.trials.domain.path.gates import SeasonGate
from services.trials.domain.path.path_parts import Attendance, Booking, Correction
from services.trials.domain.path.paths import MOST, Path, held_between
from services.trials.domain.path.retractions import Attempts, retract
from services.trials.domain.path.rounds import completing
from services.trials.domain.timetable.slots import Slot
from shared.base.errors import BadInput, Conflict
from shared.base.models import Input
from shared.contracts.codes import ExceptionReason
from shared.contracts.steps import TakenStep
from shared.contracts.trials import (
    AttendanceSource,
    DiagnosticCompleted,
    TrialAttended,
    TrialBooked,
)
from shared.programme.moments import Moment
from shared.programme.texts import Id, Reason
from shared.storage.decision import Decision, Happened, NewId

DOOR_OPENS = timedelta(hours=1)
"""So long before a slot starts its door is open to whoever is scanned, by a pass or another code."""


class Presence(Input):
    """A pupil's presence, and the way in which the venue knows of it."""

    participant: Id
    source: AttendanceSource
    """The way in which the venue knows: by a scanned code, a list, or an import."""
    occurred_at: Moment | None = None
    exception: ExceptionReason | None = None
    """The reason why an operator lets it be recorded outside the season's dates, or behind the stage's last day."""
    own_code: bool = False
    """True where the pupil showed its own code: one without a booking is let in where there is a seat."""
    late: bool = False
    """True for a scan that was noted without a network, and is told later: what is in doubt is refused."""


class Revocation(Input):
    """The reason why an attendance is taken back; the words stay with the attendance and name nobody."""

    reason: Reason
    """In the venue's words; it is kept with the attendance and must name nobody."""
    occurred_at: Moment | None = None


def as_exception(decision: Decision[Path], exception: ExceptionReason | None) -> Decision[Path]:
    """Returns a decision whose steps tell why an operator made an exception for them, if one did."""
    if exception is None:
        return decision
    told = {"exception": exception}
    happened = (
        replace(one, event=one.event.model_copy(update=told)) if isinstance(one.event, TakenStep) else one
        for one in decision.happened
    )
    return replace(decision, happened=tuple(happened))


def complete(path: Path, pupil: Participant, attempt: Attempt, gate: SeasonGate) -> Decision[Path]:
    """Completes a diagnostic in its round; a repeat counts as an attempt, but the first time stays."""
    of = {"diagnostic": attempt.diagnostic, "round": attempt.round}
    event = DiagnosticCompleted(**pupil.event_fields, season=path.season, attempt=attempt.id, **of)
    done = completing(path, attempt.diagnostic, attempt.round, attempt.time, attempt.ref)
    return gate.settle(Decision(done, (Happened(event, attempt.time),)), pupil)


def book(
    path: Path, pupil: Participant, slot: Slot, time: datetime, new_id: NewId, confirm_by: datetime | None = None
) -> Decision[Path]:
    """Takes a seat, perhaps one that is to be confirmed; one that the pupil has already is kept."""
    if path.live_booking(slot.id):
        return Decision(path)
    slot.must_be_held()
    must_fit(path, pupil, slot, time)
    return _seated(
        path, pupil, Booking(id=new_id(), time=time, **slot.booked_as, school=pupil.school, confirm_by=confirm_by)
    )


def book_at_door(path: Path, pupil: Participant, slot: Slot, time: datetime, new_id: NewId) -> Decision[Path]:
    """Takes a seat for a pupil who has come to a slot whose door is open, by the rules of any booking."""
    slot.must_be_held()
    if time < slot.starts_at - DOOR_OPENS:
        raise Conflict.about("occurred_at", "the door was not open yet", "not-started")
    if time >= slot.ends_at:
        raise Conflict.about("occurred_at", f"the slot was over at {slot.ends_at.isoformat()}", "slot-past")
    _must_be_for(pupil, slot)
    _must_have_room(path, slot)
    return _seated(path, pupil, Booking(id=new_id(), time=time, **slot.booked_as, school=pupil.school, source="door"))


def _seated(path: Path, pupil: Participant, booking: Booking) -> Decision[Path]:
    how = {name: getattr(booking, name) for name in ("venue", "starts_at", "minutes", "confirm_by", "source")}
    event = TrialBooked(**_said(path, pupil, booking), booking=booking.id, **how)
    done = path.model_copy(update={"bookings": (*path.bookings, booking)})
    return Decision(done, (Happened(event, booking.time),))


def must_suit(pupil: Participant, slot: Slot, time: datetime) -> None:
    """Raises Conflict where the slot has begun, or is for other grades."""
    if time >= slot.starts_at:
        raise Conflict.about("occurred_at", f"the slot had begun at {slot.starts_at.isoformat()}", "slot-past")
    _must_be_for(pupil, slot)


def _must_be_for(pupil: Participant, slot: Slot) -> None:
    low, high = slot.grades
    if not low <= pupil.grade <= high:
        raise Conflict.about("participant", f"the slot is for grades {low} to {high}", "grade-outside-slot")


def must_fit(path: Path, pupil: Participant, slot: Slot, time: datetime) -> None:
    """Raises Conflict where the pupil cannot have a seat: there is none, or the pupil is somewhere else then."""
    must_suit(pupil, slot, time)
    _must_have_room(path, slot)


def _must_have_room(path: Path, slot: Slot) -> None:
    if held_between(path, slot.starts_at, slot.ends_at):
        raise Conflict.about("participant", "another booking of the pupil overlaps in time", "time-conflict")
    if slot.is_full:
        raise Conflict.about("participant", "no seat is left", "slot-full")
    if len(path.all_bookings) >= MOST:
        detail = "the pupil has booked and given up too often in this season"
        raise Conflict.about("participant", detail, "too-many-bookings")


def cancel(path: Path, pupil: Participant, booking_id: str, time: datetime) -> Decision[Path]:
    """Gives a seat up before the slot begins; one that is given up already stays so."""
    booking = path.booking(booking_id)
    if not booking.is_live:
        return Decision(path)
    if time >= booking.starts_at:
        raise Conflict.about("occurred_at", "the slot has begun", "slot-past")
    if path.attendance_of(booking.id):
        raise Conflict("the pupil has attended what was booked", slug="already-attended")
    return taken_back(Decision(path), pupil, Correction(kind="cancelled", id=booking.id, time=time, because="asked"))


def follow(path: Path, joined: Joined, gate: SeasonGate, attempts: Attempts) -> Decision[Path]:
    """Frees the seats that were held without consent or in the archive, and those that two entries had in one slot.

    Before that it takes back what was done without consent, where `attempts` are those on each entry's path. It issues
    what only waited for a consent or for another entry's steps, takes back what only entries deserve that were parted,
    and tells what was told for this one by a survivor. It looks at the state and at times alone, so that it comes to
    the same however often facts arrive.
    """
    pupil = joined.pupil
    decision = retract(told_again(path, pupil), joined, attempts)
    for entry in decision.state.entries:
        for booking in entry.bookings:
            ends = max(booking.starts_at, booking.time)  # at the door one may be late
            barred = joined.barred_from(entry.participant, booking.time, ends)
            if barred is not None and booking.is_live and not decision.state.attendance_of(booking.id):
                lapse, why = barred
                time = max(lapse.begins, booking.time)
                freed = Correction(kind="cancelled", id=booking.id, time=time, because=why)
                decision = taken_back(decision, pupil, freed)
    if path.duplicates and joined.changed_at is not None:
        for booking in _second_seats(decision.state):
            given_up = min(max(joined.changed_at, booking.time), booking.starts_at)
            freed = Correction(kind="cancelled", id=booking.id, time=given_up, because="merged")
            decision = taken_back(decision, pupil, freed)
    return gate.settle(decision, pupil, joined.changed_at)


def _second_seats(path: Path) -> list[Booking]:
    """Returns the bookings in force in a slot in which another entry has one, which was attended or was there first.

    What was attended is never given up, and the survivor's own goes before that of a duplicate.
    """
    kept: dict[str, Booking] = {}
    second = []
    live = [booking for entry in path.entries for booking in entry.bookings if booking.is_live]
    for booking in sorted(live, key=lambda booking: path.attendance_of(booking.id) is None):
        if kept.setdefault(booking.slot, booking) is not booking and path.attendance_of(booking.id) is None:
            second.append(booking)
    return second


def attend(
    path: Path, pupil: Participant, booking: Booking, source: AttendanceSource, time: datetime, gate: SeasonGate
) -> Decision[Path]:
    """Confirms, for the venue, that the pupil took part in what was booked."""
    if path.attendance_of(booking.id):
        return Decision(path)
    if time < booking.starts_at - (DOOR_OPENS if source == "qr" else timedelta()):
        raise Conflict.about("occurred_at", "the slot had not begun", "not-started")
    if not pupil.has_consent(time, time):
        raise Conflict.about("occurred_at", "no consent was in force at that time", "consent-missing")
    if pupil.absence(time, time):
        raise Conflict.about("occurred_at", "the pupil was in the archive by then", "participant-archived")
    attendance = Attendance(
        id=gate.new_id(),
        time=time,
        source=source,
        booking=booking.id,
        slot=booking.slot,
        competency=booking.competency,
        kind=booking.kind,
    )
    said = _said(path, pupil, booking)
    event = TrialAttended(**said, attendance=attendance.id, booking=booking.id, venue=booking.venue, source=source)
    done = path.model_copy(update={"attendances": (*path.attendances, attendance)})
    return gate.settle(Decision(done, (Happened(event, time),)), pupil)


def revoke(
    path: Path, pupil: Participant, attendance_id: str, reason: str, time: datetime, gate: SeasonGate
) -> Decision[Path]:
    """Takes back an attendance that was recorded by mistake, and the recommendation if the gate closes by it.

    The seat that was taken for it at the door becomes free.
    """
    attendance = path.attendance(attendance_id)
    if attendance.revoked:
        return Decision(path)
    if time < attendance.time:
        raise BadInput.field("occurred_at", "lies before the attendance")
    correction = Correction(kind="revoked", id=attendance.id, time=time)
    decision = taken_back(Decision(path), pupil, correction, reason)
    booking = path.booking(attendance.booking)
    if booking.source == "door" and booking.is_live:
        freed = Correction(kind="cancelled", id=booking.id, time=time, because="mistake")
        decision = taken_back(decision, pupil, freed)
    return gate.settle(decision, pupil)


def _said(path: Path, pupil: Participant, of: Booking) -> dict[str, Any]:
    """Returns the fields that every event about a pupil in a slot carries."""
    slot = {"slot": of.slot, "competency": of.competency, "kind": of.kind}
    return {**pupil.event_fields, "season": path.season, **slot}
