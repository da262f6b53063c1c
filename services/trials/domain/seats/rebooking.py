"""The bookings of a slot that was moved or called off follow it, each on its path."""

from datetime import datetime

from services.trials.copies.joining import Joined
from services.trials.domain.path.corrections import taken_back
from services.trials.domain.path.path_parts import Booking, Correction, latest_answer
from services.trials.domain.path.paths import Path, overlapping
from services.trials.domain.timetable.slots import Slot
from shared.contracts.cancellations import CancellationReason
from shared.contracts.timetables import TrialMoved
from shared.storage.decision import Decision, Happened


def rebooked(path: Path, joined: Joined, slot: Slot) -> Decision[Path]:
    """Returns the path with its bookings in a slot as the slot is by now.

    One is given up where the slot is not held, where the pupil has another booking at the new time or no consent for
    it, or was booked in behind it. What was attended stays as it was, and so does all that comes of it. It looks at
    states alone, so that it comes to the same however often it is asked.
    """
    decision = Decision(path)
    for entry in path.entries:
        for booking in entry.bookings:
            if booking.slot == slot.id and booking.is_live and path.attendance_of(booking.id) is None:
                decision = _followed(decision, joined, entry.participant, booking, slot)
    return decision


def _followed(decision: Decision[Path], joined: Joined, entry: str, booking: Booking, slot: Slot) -> Decision[Path]:
    if slot.closing is not None:
        return _given_up(decision, joined, booking, slot.closing.time, slot.closing.reason)
    if slot.moved_at is None or (booking.starts_at, booking.minutes) == (slot.starts_at, slot.minutes):
        return decision
    latest = latest_answer(slot.moved_at, slot.starts_at)
    until = booking.confirm_by and latest and min(booking.confirm_by, latest)
    times = {"starts_at": slot.starts_at, "minutes": slot.minutes, "confirm_by": until}
    moved = booking.model_copy(update=times)
    barred = joined.barred_from(entry, booking.time, slot.starts_at)
    if barred is not None:
        return _given_up(decision, joined, booking, slot.moved_at, barred[1])
    if booking.time >= slot.starts_at or overlapping(decision.state, moved):
        return _given_up(decision, joined, booking, slot.moved_at, "moved")
    pupil = joined.pupil
    event = TrialMoved(
        **pupil.event_fields,
        season=slot.season,
        booking=booking.id,
        **{name: getattr(moved, name) for name in ("slot", "venue", "competency", "kind", "starts_at", "minutes")},
        from_starts_at=booking.starts_at,
        from_minutes=booking.minutes,
    )
    happened = Happened(event, max(slot.moved_at, booking.time))
    return Decision(with_booking(decision.state, moved), (*decision.happened, happened))


def _given_up(
    decision: Decision[Path], joined: Joined, booking: Booking, time: datetime, reason: CancellationReason
) -> Decision[Path]:
    correction = Correction(kind="cancelled", id=booking.id, time=max(time, booking.time), because=reason)
    return taken_back(decision, joined.pupil, correction)


def with_booking(path: Path, changed: Booking) -> Path:
    """Returns a path with a booking of one of its entries as it is by now."""

    def within(entry: Path) -> Path:
        bookings = tuple(changed if known.id == changed.id else known for known in entry.bookings)
        return entry.model_copy(update={"bookings": bookings})

    return within(path).model_copy(update={"duplicates": tuple(map(within, path.duplicates))})
