"""A pupil's path as it is shown, with names beside codes."""

from services.trials.answers.advice import RecommendationView
from services.trials.answers.explanations import ScaleResult
from services.trials.domain.path.path_parts import Attendance, Booking, Lesson
from shared.base.models import Answer
from shared.http.paging import Page
from shared.programme.moments import LocalTime
from shared.programme.stages import Stages


class AttemptView(Answer):
    """A completed diagnostic with its profile: per scale 0…100."""

    attempt: str
    """Random id."""
    diagnostic: str
    """Code of the diagnostic."""
    diagnostic_name: str | None
    """Name of the diagnostic, in Russian; null while its definition is missing."""
    time: LocalTime
    """When the pupil completed it, on the region's clock."""
    round: int
    """The round of the season to which that day belongs: 1, or 2 where the season has a second one."""
    profile: dict[str, float]
    """Scale → 0 to 100, the percentage of the points that can be attained on it."""
    scales: list[ScaleResult]
    """The profile in words, scale by scale; none where no answers are known."""


class ChangeView(Answer):
    """The change of a profile from the last attempt of the first round to the last one of the second."""

    diagnostic: str
    """Code of the diagnostic."""
    diagnostic_name: str | None
    """Name of the diagnostic, in Russian; null while its definition is missing."""
    before: str
    """Id of the attempt of the first round."""
    after: str
    """Id of the attempt of the second round."""
    scales: dict[str, float]
    """Scale → the difference in points of percent, below zero where it is less; it is no judgement of the pupil."""


class BookingView(Booking):
    """A seat taken in a slot, with names, and whether it was used."""

    venue_name: str | None
    """Name of the venue, in Russian; null while its definition is missing."""
    competency_name: str | None
    """Name of the competency, in Russian; null while its definition is missing."""
    attendance: str | None
    """Id of the attendance in force; null while the venue has confirmed none."""
    overlaps: list[str]
    """Ids of the pupil's other bookings in force at the same time, which two entries had before they were merged."""


class BookingPage(Page[BookingView]):
    """A pupil's bookings of a season by the start of their slots, cancelled ones too."""


class AttendanceView(Attendance):
    """A pupil's taking part in what was booked, with names."""

    competency_name: str | None
    """Name of the competency, in Russian; null while its definition is missing."""


class PathView(Answer):
    """A pupil's way through a season."""

    participant: str
    """Id of the pupil: where the named entry was merged into another one, that one's."""
    merged_into: str | None
    """The same id, where it is not the one that was named; null otherwise."""
    season: str
    """Code of the season."""
    season_name: str
    """Name of the season, in Russian."""
    stages: Stages
    """When each stage was reached."""
    attempts: list[AttemptView]
    """Completed diagnostics, the earliest first, each with its round."""
    changes: list[ChangeView]
    """The changes between the rounds, by diagnostic; none before the second one was taken."""
    bookings: list[BookingView]
    """Seats taken, cancelled ones too, in the order of booking."""
    attendances: list[AttendanceView]
    """Attendances confirmed by venues, revoked ones too."""
    lessons: list[Lesson]
    """Lessons of the school in which the pupil was, revoked ones too, by time."""
    recommendation: RecommendationView | None
    """The recommendation in force; null before the season's gate opens."""
