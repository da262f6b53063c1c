"""Lessons as they are answered, pupil by pupil."""

from typing import Any, Literal

from services.trials.answers.commands import Items
from services.trials.domain.path.caller import Taken
from services.trials.domain.path.path_parts import Lesson
from shared.base.errors import ServiceError
from shared.base.models import Answer
from shared.http.batch import Outcome
from shared.http.problems import Problem
from shared.programme.texts import REF


class LessonAnswer(Answer):
    """A pupil's taking part in a lesson."""

    participant: str | None = None
    """The pupil as named in the request, or of the class; absent where no id can be read."""
    merged_into: str | None = None
    """Id of the pupil whose step it is, where the named entry was merged into that one; absent otherwise."""
    status: Literal["attended", "revoked", "known", "rejected"]
    """`attended` or `revoked` now, `known` where that was said before, or `rejected`."""
    attendance: str | None = None
    """Id of the pupil's taking part."""
    problem: Problem | None = None
    """The reason where it was not taken."""

    @classmethod
    def of(cls, sent: Any, outcome: Outcome[Taken[Lesson]], done: Literal["attended", "revoked"]) -> "LessonAnswer":
        """Tells the outcome for a pupil as named, readable or not."""
        participant = REF.read(sent)
        if isinstance(outcome, ServiceError):
            return cls(participant=participant, status="rejected", problem=Problem.of(outcome))
        merged_into = outcome.value.merged_into(participant)
        status = done if outcome.new else "known"
        return cls(participant=participant, merged_into=merged_into, status=status, attendance=outcome.value.step.id)


class LessonAnswers(Items[LessonAnswer]):
    """A lesson with its pupils."""

    lesson: str
    """Id of the lesson, by which it is taken back."""
