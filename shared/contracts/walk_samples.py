"""The samples of what stands beside bookings on a pupil's path, of the same story: a lesson, and feedback."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.contracts.event import Event
from shared.contracts.feedback import FeedbackGiven
from shared.contracts.lessons import LessonAttended, LessonRevoked
from shared.contracts.venue_samples import MOSCOW, SEASON


def beside(pupil: Mapping[str, Any], attendance: str, trial: Mapping[str, Any]) -> tuple[tuple[datetime, Event], ...]:
    """Returns a lesson that is taken back, and the marks of an attendance."""
    of = {**pupil, "season": SEASON}
    lesson = {**of, "attendance": "Tn4gB6hY8jU0kI2o", "lesson": "Vb7nM9kQ1wE3rT5y", "theme": "4"}
    marks = {"programme": "cooking-1", "marks": {"safety": 5, "care": 4}}
    feedback = FeedbackGiven(**of, **trial, **marks, attendance=attendance, giver="mentor")
    return (
        (datetime(2020, 9, 24, 8, 30, tzinfo=MOSCOW), LessonAttended(**lesson)),
        (datetime(2020, 9, 25, 12, 0, tzinfo=MOSCOW), LessonRevoked(**lesson)),
        (datetime(2020, 10, 12, 18, 0, tzinfo=MOSCOW), feedback),
    )
