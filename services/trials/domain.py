"""The steps of a path: pure decisions about diagnostics, bookings, attendances and their revocation."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from services.trials.catalogue import Season
from services.trials.copies import UNSET, Participant
from services.trials.gate import NewId, settle
from services.trials.instruments import Attempt
from services.trials.path import MOST, Attendance, Booking, Path, path_id
from services.trials.refusals import conflict, not_yet
from services.trials.slots import Slot
from shared.base.errors import BadInput
from shared.contracts.trials import (
    AttendanceRevoked,
    AttendanceSource,
    DiagnosticCompleted,
    TrialAttended,
    TrialBooked,
    TrialCancelled,
)
from shared.identity.acting import Actor
from shared.storage.decision import Decision, Happened

CONSENT_UNDER_WAY = timedelta(seconds=30)
"""How long after a registration its consent, sent in the same roster, may still be on its way here."""


def must_take_part(
    pupil: Participant, season: Season, begins: datetime, ends: datetime, now: datetime, at: str
) -> None:
    """Raises unless the pupil is registered in the season, with consent now and for all of a time that may lie before;
    `at` is who is named. An attempt takes an instant; a seat is held from the booking until the slot begins.
    """
    entry = pupil.seasons.get(season.id)
    if entry is None:
        raise not_yet("not-in-season", at, f"not known to be registered in season {season.id}")
    if pupil.consent and not pupil.lapse(begins, ends):
        return
    if pupil.consent_set_by == UNSET and now - entry.recorded < CONSENT_UNDER_WAY:
        raise not_yet("consent-missing", at, "no guardian's consent has arrived yet")
    if pupil.consent:
        raise conflict("consent-missing", at, "no guardian's consent is in force for all of that time")
    raise conflict("consent-missing", at, "no guardian's consent is in force; one just given is known here in a moment")


def must_lie_in(season: Season, time: datetime, at: str) -> None:
    """Raises Conflict for a time on a day outside the season; `at` is the field that says it, if one does."""
    if not season.contains(time.date()):
        dates = f"{season.opens} to {season.closes}"
        raise conflict("outside-season", at, f"{time.date()} lies outside season {season.id}, {dates}")


def complete(path: Path, pupil: Participant, season: Season, attempt: Attempt, new_id: NewId) -> Decision[Path]:
    """A diagnostic was completed; a repeat counts as an attempt, but the first time stays."""
    first = min(attempt.time, path.diagnostics.get(attempt.diagnostic, attempt.time))
    event = DiagnosticCompleted(**pupil.place, season=season.id, diagnostic=attempt.diagnostic, attempt=attempt.id)
    diagnostics = {**path.diagnostics, attempt.diagnostic: first}
    done = path.model_copy(update={"diagnostics": diagnostics, "attempts": (*path.attempts, attempt.ref)})
    return settle(Decision(done, (Happened(event, attempt.time),)), pupil, season, new_id)


def book(path: Path, pupil: Participant, slot: Slot, time: datetime, new_id: NewId, field: str) -> Decision[Path]:
    """Takes a seat; one that the pupil has already is kept. `field` is who is named."""
    if path.live_booking(slot.id):
        return Decision(path)
    _must_fit(path, pupil, slot, time, field)
    booking = Booking(
        id=new_id(),
        time=time,
        slot=slot.id,
        venue=slot.venue,
        competency=slot.competency,
        kind=slot.kind,
        starts_at=slot.starts_at,
        minutes=slot.minutes,
    )
    event = TrialBooked(
        **pupil.place,
        season=path.season,
        booking=booking.id,
        slot=slot.id,
        venue=slot.venue,
        competency=slot.competency,
        kind=slot.kind,
    )
    return Decision(path.model_copy(update={"bookings": (*path.bookings, booking)}), (Happened(event, time),))


def _must_fit(path: Path, pupil: Participant, slot: Slot, time: datetime, field: str) -> None:
    if time >= slot.starts_at:
        raise conflict("slot-past", "/occurred_at", f"the slot had begun at {slot.starts_at.isoformat()}")
    if not slot.grades[0] <= pupil.grade <= slot.grades[1]:
        raise conflict("grade-outside-slot", field, f"the slot is for grades {slot.grades[0]} to {slot.grades[1]}")
    if any(b.is_live and b.starts_at < slot.ends_at and slot.starts_at < b.ends_at for b in path.bookings):
        raise conflict("time-conflict", field, "another booking of the pupil overlaps in time")
    if slot.is_full:
        raise conflict("slot-full", field, "no seat is left")
    if len(path.bookings) >= MOST:
        raise conflict("too-many-bookings", field, "the pupil has booked and given up too often in this season")


def cancel(path: Path, pupil: Participant, booking_id: str, time: datetime) -> Decision[Path]:
    """Gives a seat up before the slot begins; what is cancelled already stays so."""
    booking = next(b for b in path.bookings if b.id == booking_id)
    if not booking.is_live:
        return Decision(path)
    if time >= booking.starts_at:
        raise conflict("slot-past", "occurred_at", "the slot has begun")
    if path.attendance_of(booking.id):
        raise conflict("already-attended", "", "the pupil has attended what was booked")
    return _free(Decision(path), pupil, booking, time)


def _free(decision: Decision[Path], pupil: Participant, booking: Booking, time: datetime) -> Decision[Path]:
    """The decision, and the seat of a booking given up."""
    path = decision.state
    event = TrialCancelled(
        **pupil.place,
        season=path.season,
        booking=booking.id,
        slot=booking.slot,
        competency=booking.competency,
        kind=booking.kind,
    )
    cancelled = booking.model_copy(update={"cancelled": time})
    bookings = tuple(cancelled if b.id == booking.id else b for b in path.bookings)
    return Decision(path.model_copy(update={"bookings": bookings}), (*decision.happened, Happened(event, time)))


def follow_consent(path: Path, pupil: Participant, season: Season, new_id: NewId) -> Decision[Path]:
    """Frees the seats that were held while no consent was in force, and issues what only waited for one.

    It looks at times alone, so that it comes to the same in whatever order and however often facts arrive.
    """
    decision = Decision(path)
    for booking in path.bookings:
        lapse = pupil.lapse(booking.time, booking.starts_at)
        if lapse is not None and booking.is_live and not path.attendance_of(booking.id):
            decision = _free(decision, pupil, booking, max(lapse.begins, booking.time))
    return settle(decision, pupil, season, new_id)


def attend(
    path: Path,
    pupil: Participant,
    season: Season,
    booking: Booking,
    source: AttendanceSource,
    time: datetime,
    new_id: NewId,
    at: str,
) -> Decision[Path]:
    """The venue confirms that the pupil took part; `at` is the pointer of its statement in the body."""
    if path.attendance_of(booking.id):
        return Decision(path)
    if time < booking.starts_at:
        raise conflict("not-started", f"{at}/occurred_at", "the slot had not begun")
    if pupil.lapse(time, time):
        raise conflict("consent-missing", f"{at}/occurred_at", "the guardian's consent had been withdrawn by then")
    what: dict[str, Any] = {
        "booking": booking.id,
        "slot": booking.slot,
        "competency": booking.competency,
        "kind": booking.kind,
    }
    attendance = Attendance(id=new_id(), time=time, source=source, **what)
    event = TrialAttended(
        **pupil.place, season=path.season, attendance=attendance.id, venue=booking.venue, source=source, **what
    )
    done = path.model_copy(update={"attendances": (*path.attendances, attendance)})
    return settle(Decision(done, (Happened(event, time),)), pupil, season, new_id)


def revoke(
    path: Path,
    pupil: Participant,
    season: Season,
    attendance_id: str,
    reason: str,
    time: datetime,
    new_id: NewId,
) -> Decision[Path]:
    """Takes back an attendance that was recorded by mistake, and the recommendation if the gate closes by it."""
    attendance = next(a for a in path.attendances if a.id == attendance_id)
    if attendance.revoked:
        return Decision(path)
    if time < attendance.time:
        raise BadInput.field("occurred_at", "lies before the attendance")
    event = AttendanceRevoked(
        **pupil.place,
        season=path.season,
        attendance=attendance.id,
        slot=attendance.slot,
        competency=attendance.competency,
        kind=attendance.kind,
    )
    revoked = attendance.model_copy(update={"revoked": time, "reason": reason})
    attendances = tuple(revoked if a.id == attendance.id else a for a in path.attendances)
    done = path.model_copy(update={"attendances": attendances})
    return settle(Decision(done, (Happened(event, time),)), pupil, season, new_id)


class Paths:
    """The paths of a batch while it is decided: each decision goes on from the one before it."""

    def __init__(self, known: Mapping[str, Path]) -> None:
        self._decided = {id: Decision(path) for id, path in known.items()}

    def of(self, participant: str, season: str) -> Path:
        """The path as it is by now."""
        decided = self._decided.get(path_id(participant, season))
        return decided.state if decided else Path.new(participant, season)

    def take(self, decision: Decision[Path], by: Actor | None) -> None:
        """Keeps a decision about the path that `of` gave, and whose it is."""
        before = self._decided.get(decision.state.id)
        facts = (*before.happened, *decision.happened) if before else decision.happened
        self._decided[decision.state.id] = Decision(decision.state, facts, by)

    @property
    def decisions(self) -> list[Decision[Path]]:
        """What is to be saved."""
        return list(self._decided.values())
