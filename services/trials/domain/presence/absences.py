"""No-shows: a seat that was booked, and that nobody came to take."""

from datetime import datetime

from services.trials.copies.participants import Participant
from services.trials.domain.path.corrections import taken_back
from services.trials.domain.path.path_parts import Booking, Correction
from services.trials.domain.path.paths import Path
from shared.base.errors import Conflict
from shared.base.models import Input
from shared.contracts.codes import ExceptionReason
from shared.programme.moments import Moment
from shared.programme.texts import Id
from shared.storage.decision import Decision


class Absence(Input):
    """A pupil who was expected, and did not come."""

    participant: Id
    occurred_at: Moment | None = None
    exception: ExceptionReason | None = None
    """The reason why an operator lets it be recorded outside the season's dates, or behind the stage's last day."""


def miss(path: Path, pupil: Participant, booking: Booking, time: datetime) -> Decision[Path]:
    """Notes, for the venue, that the pupil did not come; one whose attendance is confirmed later came after all."""
    if path.attendance_of(booking.id):
        raise Conflict.about("participant", "the pupil has attended what was booked", "already-attended")
    if time < booking.starts_at:
        raise Conflict.about("occurred_at", "the slot had not begun", "not-started")
    return taken_back(Decision(path), pupil, Correction(kind="missed", id=booking.id, time=time))
