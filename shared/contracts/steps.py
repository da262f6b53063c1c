"""Steps of one pupil's path through a season: the part that all of their events have."""

from typing_extensions import override

from shared.contracts.codes import ExceptionReason
from shared.contracts.event import ParticipantEvent, Public


class PathEvent(ParticipantEvent):
    """A step of one pupil's path through one season."""

    topic = "trials.events.v1"

    season: Public[str]

    @property
    @override
    def subject(self) -> str:
        return f"{self.participant}/{self.season}"


class TakenStep(PathEvent):
    """A step that an operator may let be recorded as an exception from the season's dates, deadlines and limits."""

    exception: Public[ExceptionReason | None] = None
    """The operator's reason; null where no exception was made."""


__all__ = ["PathEvent", "TakenStep"]
