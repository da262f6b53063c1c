"""Events of lessons of career guidance that a school holds for its pupils: without a booking, venue or competency."""

from shared.contracts.event import Pseudonymous, Public
from shared.contracts.steps import PathEvent, TakenStep
from shared.contracts.trials import RevocationReason


class LessonAttended(TakenStep):
    """The school says that a pupil was in a lesson; it counts as taking part, and as no trial."""

    type = "lesson.attended.v1"

    attendance: Pseudonymous[str]
    lesson: Public[str]
    """The lesson, the same for all who were in it."""
    theme: Public[str]
    """Code or number of its theme."""


class LessonRevoked(PathEvent):
    """A pupil was not in a lesson after all; figures subtract it."""

    type = "lesson.revoked.v1"

    attendance: Pseudonymous[str]
    """The attendance that this corrects."""
    lesson: Public[str]
    theme: Public[str]
    reason: Public[RevocationReason] = "mistake"


__all__ = ["LessonAttended", "LessonRevoked"]
