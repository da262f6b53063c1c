"""A pupil's progress in a season: sets of steps that trials published, as they are stored and read. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Self

from shared.contracts.event import Envelope
from shared.contracts.lessons import LessonAttended, LessonRevoked
from shared.contracts.trials import (
    TRIAL_KINDS,
    AttendanceRevoked,
    DiagnosticCompleted,
    DiagnosticRevoked,
    RecommendationIssued,
    RecommendationWithdrawn,
    SlotKind,
    TrialAttended,
    TrialBooked,
    TrialCancelled,
)
from shared.programme.stages import Facts

Step = tuple[str, str | list[str] | dict[str, str]]
"""The name of a set of a pupil's season, and the element that an event adds to it; sets only grow, so order and
repetition do not matter."""
LESSON: SlotKind = "lesson"
SECOND = "2"
"""Marks an attempt of the second round, behind its other parts."""


def progress_id(participant: str, season: str) -> str:
    """The id of the row that holds a pupil's steps in a season."""
    return f"{participant}/{season}"


def step(envelope: Envelope) -> Step | None:
    """The step of an event; None for an event that is none."""
    event, time = envelope.event, envelope.time.isoformat()
    match event:
        case DiagnosticCompleted():
            said = [event.diagnostic, time, event.attempt]
            return "diagnostics", [*said, SECOND] if event.round == 2 else said
        case DiagnosticRevoked():
            return "retracted", [event.diagnostic, time, event.attempt]
        case TrialBooked():
            return "booked", {"booking": event.booking, "slot": event.slot}
        case TrialCancelled():
            return "cancelled", event.booking
        case TrialAttended():
            return "attended", [event.attendance, event.kind, time]
        case LessonAttended():
            return "attended", [event.attendance, LESSON, time, event.lesson]
        case AttendanceRevoked() | LessonRevoked():
            return "revoked", event.attendance
        case RecommendationIssued():
            revised = (event.revised_at or envelope.time).isoformat()
            return "recommended", [event.recommendation, time, str(event.revision), revised, *event.competencies]
        case RecommendationWithdrawn():
            return "withdrawn", event.recommendation
        case _:
            return None


class Recommendation(NamedTuple):
    """A recommendation that was issued, in force or not."""

    id: str
    time: datetime
    """When the season's gate opened."""
    revision: int
    revised_at: datetime
    competencies: tuple[str, ...]

    @classmethod
    def of(cls, step: Sequence[str]) -> Self:
        """The recommendation of a stored step; one of an earlier release says no competency."""
        id, time, *more = step
        revision, revised, *competencies = more or ("1", time)
        revised_at = datetime.fromisoformat(revised)
        return cls(id, datetime.fromisoformat(time), int(revision), revised_at, tuple(competencies))


@dataclass(frozen=True, slots=True)
class Steps:
    """One pupil's season so far."""

    diagnostics: Sequence[Sequence[str]] = ()
    """Code, time, attempt and second round of each that was completed; an earlier release kept no attempt."""
    retracted: Sequence[Sequence[str]] = ()
    """The same of those that were taken back, but for the round."""
    attended: Sequence[Sequence[str]] = ()
    """Id, kind and time, and behind them the lesson where the school held one."""
    revoked: Sequence[str] = ()
    recommended: Sequence[Sequence[str]] = ()
    """Id, time, revision, time of that revision, competencies; an earlier release kept id and time alone."""
    withdrawn: Sequence[str] = field(default=())
    booked: Sequence[Mapping[str, str]] = ()
    """Each `booking` with its `slot`."""
    cancelled: Sequence[str] = ()
    """Bookings that were given up."""

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """The steps of a stored row."""
        return cls(**{name: document[name] for name in cls.__slots__ if name in document})

    def __or__(self, other: "Steps") -> "Steps":
        """The steps of both entries of one pupil."""
        return Steps(**{name: (*getattr(self, name), *getattr(other, name)) for name in self.__slots__})

    def kinds(self) -> list[str]:
        """The kinds of the activities that stand."""
        return [kind for kind, _ in self.activities()]

    def has_seat(self, slot: str) -> bool:
        """Tells whether a booking in a slot is in force."""
        return any(seat["slot"] == slot and seat["booking"] not in self.cancelled for seat in self.booked)

    def trials(self) -> int:
        """The number of practical trials that stand."""
        return sum(kind in TRIAL_KINDS for kind in self.kinds())

    def facts(self, registered: datetime) -> Facts[datetime]:
        """The facts by which stages are reached."""
        return Facts(
            registered,
            [(step[0], datetime.fromisoformat(step[1])) for step in self._standing() if SECOND not in step[3:]],
            list(self.activities()),
            [datetime.fromisoformat(step[1]) for step in self.recommended if step[0] not in self.withdrawn],
            [(step[0], datetime.fromisoformat(step[1])) for step in self._standing() if SECOND in step[3:]],
        )

    def recommendations(self) -> dict[str, Recommendation]:
        """The recommendations that were ever issued, by id."""
        return {step[0]: Recommendation.of(step) for step in sorted(self.recommended, key=len)}

    @property
    def in_force(self) -> Recommendation | None:
        """The recommendation that stands, of several the newest; None where none does."""
        standing = [one for id, one in self.recommendations().items() if id not in self.withdrawn]
        return max(standing, key=lambda one: (one.revision, one.id), default=None)

    def completed(self) -> list[tuple[str, str]]:
        """Code and time of each diagnostic that stands, of any round."""
        return [(step[0], step[1]) for step in self._standing()]

    def _standing(self) -> list[Sequence[str]]:
        gone = {tuple(step[:length]) for step in self.retracted for length in (2, 3)}
        return [step for step in self.diagnostics if tuple(step[:3]) not in gone]

    def activities(self) -> Iterator[tuple[str, datetime]]:
        """Kind and time of each activity that stands; a lesson in which two entries of a pupil were counts once."""
        standing = [step for step in self.attended if step[0] not in self.revoked]
        once = {step[3] if len(step) > 3 else step[0]: step for step in standing}
        return ((step[1], datetime.fromisoformat(step[2])) for step in once.values())
