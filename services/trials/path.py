"""A pupil's path through one season: diagnostics, bookings, attendances and the recommendation, as one aggregate."""

from datetime import datetime, timedelta

from pydantic import ConfigDict, Field

from shared.base.models import Answer
from shared.contracts.trials import TRIAL_KINDS, AttendanceSource, SlotKind
from shared.programme.moments import LocalTime
from shared.programme.texts import REF
from shared.storage.decision import Aggregate

MOST = 500
"""Attempts of a path, and bookings, cancelled ones too: each change of a path writes all of it."""


class Step(Answer):
    """A part of a path."""

    model_config = ConfigDict(frozen=True)

    id: str
    """Random id."""
    time: LocalTime
    """When it happened, on the region's clock."""


class Booking(Step):
    """A seat taken in a slot, with what of the slot later decisions need."""

    slot: str
    """Id of the slot."""
    venue: str
    """Code of the venue."""
    competency: str
    """Code of the competency that is tried."""
    kind: SlotKind
    """What the slot is: a practical trial, or an activity of another kind."""
    starts_at: LocalTime
    """Start of the slot, on the region's clock."""
    minutes: int
    """Length of the slot in minutes."""
    cancelled: LocalTime | None = None
    """When the seat was given up; null while it is the pupil's."""

    @property
    def is_live(self) -> bool:
        """Whether the seat is still the pupil's."""
        return self.cancelled is None

    @property
    def ends_at(self) -> datetime:
        """When the pupil is free again."""
        return self.starts_at + timedelta(minutes=self.minutes)


class Attendance(Step):
    """That a pupil took part in what was booked, as the venue confirmed."""

    booking: str
    """Id of the booking that was kept."""
    slot: str
    """Id of the slot."""
    competency: str
    """Code of the competency that was tried."""
    kind: SlotKind
    """What the slot was: a practical trial, or an activity of another kind."""
    source: AttendanceSource
    """How the venue knows: by a scanned code, a list, or an import."""
    revoked: LocalTime | None = None
    """When it was taken back as a mistake; null while it counts."""
    reason: str | None = None
    """Why it was revoked, in the venue's words."""


class Recommendation(Step):
    """The individual recommendation in force."""

    competencies: tuple[str, ...]
    """Codes of the competencies that are recommended, the most fitting first."""

    def stands(self, path: "Path") -> bool:
        """Whether the pupil attended all that it names, as far as that was not revoked."""
        return {a.competency for a in path.attended}.issuperset(self.competencies)


class Path(Aggregate):
    """One pupil in one season; `id` is `<participant>/<season>`."""

    participant: str
    season: str
    diagnostics: dict[str, LocalTime] = Field(default_factory=dict)
    """Code → when it was first completed."""
    attempts: tuple[str, ...] = ()
    """The refs of the attempts, whose answers and profiles are kept apart."""
    bookings: tuple[Booking, ...] = ()
    attendances: tuple[Attendance, ...] = ()
    recommendation: Recommendation | None = None

    @classmethod
    def new(cls, participant: str, season: str) -> "Path":
        """The path before its first step."""
        return cls(id=path_id(participant, season), participant=participant, season=season)

    @property
    def attended(self) -> list[Attendance]:
        """What was attended and not revoked, of every kind, in the order of time."""
        return sorted((a for a in self.attendances if a.revoked is None), key=lambda a: a.time)

    @property
    def trials(self) -> list[Attendance]:
        """The practical trials among what was attended."""
        return [attendance for attendance in self.attended if attendance.kind in TRIAL_KINDS]

    def may_attempt(self, diagnostic: str) -> bool:
        """Whether another attempt is taken; one that completes a diagnostic is in any case."""
        return len(self.attempts) < MOST or diagnostic not in self.diagnostics

    def spelling_of(self, ref: str) -> str:
        """A ref as an attempt of this path stores it: an older release stored white space around it, too."""
        if ref in self.attempts:
            return ref
        return next((stored for stored in self.attempts if REF.read(stored) == ref), ref)

    def live_booking(self, slot: str) -> Booking | None:
        """The booking in force in a slot."""
        return next((b for b in self.bookings if b.slot == slot and b.is_live), None)

    def attendance_of(self, booking: str) -> Attendance | None:
        """The attendance in force of a booking."""
        return next((a for a in self.attendances if a.booking == booking and a.revoked is None), None)


def path_id(participant: str, season: str) -> str:
    """The id of a pupil's path through a season."""
    return f"{participant}/{season}"
