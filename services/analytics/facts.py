"""A pupil's facts: a set that events add to, in any order and however often. Pure."""

from collections.abc import Iterator
from datetime import UTC
from typing import Any, Literal

from msgspec import Struct, field

from shared.contracts import lessons, registration, trials
from shared.contracts.event import Envelope
from shared.contracts.registration import MergeRole
from shared.programme.place import Place

Day = str
"""A local day, `2020-09-14`: compares as text."""
Step = tuple[str, str, Day, str]
"""What was booked or attended: competency, kind, day, slot; a lesson of a school has no competency, and is its slot."""
Role = MergeRole | Literal[""]
"""A pupil's role towards another one: none once they are parted."""
Word = tuple[str, Role]
"""What a pupil says of another one: the sequence, and the own role while they are merged, or nothing once parted."""
Recorded = str
"""The instant at which something was recorded, in UTC: compares as text; empty where it is not known any more."""


class SeasonFacts(Struct, array_like=True):
    """One pupil's facts of one season; a set by natural key, so that order and repetition do not matter."""

    place: Place | None = None
    """Where the roster entered the pupil."""
    registered: Day | None = None
    entered: str = ""
    """The sequence of the registration."""
    diagnostics: dict[str, tuple[str, Day]] = field(default_factory=dict)
    """attempt → diagnostic, day"""
    undone: set[str] = field(default_factory=set)
    """Attempts that were taken back."""
    second_round: set[str] = field(default_factory=set)
    """Attempts of the second round."""
    booked: dict[str, Step] = field(default_factory=dict)
    """by booking"""
    cancelled: set[str] = field(default_factory=set)
    attended: dict[str, Step] = field(default_factory=dict)
    """by attendance"""
    revoked: set[str] = field(default_factory=set)
    recommended: dict[str, Day] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)
    taken_back: dict[str, Recorded] = field(default_factory=dict)
    """what was undone, cancelled, revoked or withdrawn → when that was recorded first"""
    issued: dict[str, Recorded] = field(default_factory=dict)
    """recommendation → when it was recorded"""

    def completed(self, round: int = 1) -> Iterator[tuple[str, Day]]:
        """Yields the diagnostics of a round that stand."""
        if round == 2 and not self.second_round:
            return iter(())
        if not self.undone and not self.second_round:
            return iter(self.diagnostics.values())
        standing = ((key, fact) for key, fact in self.diagnostics.items() if key not in self.undone)
        return (fact for key, fact in standing if (key in self.second_round) == (round == 2))

    def attendances(self) -> Iterator[Step]:
        """Yields the attendances that stand."""
        if not self.revoked:
            return iter(self.attended.values())
        return (fact for key, fact in self.attended.items() if key not in self.revoked)

    def bookings(self) -> Iterator[Step]:
        """Yields the bookings that stand."""
        if not self.cancelled:
            return iter(self.booked.values())
        return (fact for key, fact in self.booked.items() if key not in self.cancelled)


class Entry(Struct, array_like=True, kw_only=True):
    """An entry of a pupil, and what it says of others."""

    words: dict[tuple[str, str], Role] = field(default_factory=dict)
    """other pupil, sequence → what this one said of it"""

    @property
    def others(self) -> dict[str, Word]:
        """The last word that this pupil said of each other one."""
        return {other: (sequence, role) for (other, sequence), role in sorted(self.words.items())}

    def role_to(self, other: str) -> Role:
        """Returns the last that this pupil said of another one, none where it said nothing."""
        return self.others.get(other, ("", ""))[1]

    @property
    def merged_with(self) -> list[str]:
        """The other pupils with whom this one ever said that it is merged: a closed season may stand as it was then."""
        return list(dict.fromkeys(other for (other, _), role in self.words.items() if role))

    def hear(self, event: registration.Merging, sequence: str) -> None:
        """Takes what the entry says of another one."""
        self.words[event.other, sequence] = event.role if isinstance(event, registration.ParticipantMerged) else ""


class Pupil(Entry, array_like=True):
    """One pupil's facts, each under the sequence of its event where a later one can undo it."""

    seasons: dict[str, SeasonFacts] = field(default_factory=dict)
    moves: dict[tuple[Day, str], Place] = field(default_factory=dict)
    """day from which the pupil belongs to a place, sequence → place; of a day the latest sequence holds"""
    cabinets: dict[str, tuple[str, str, bool, Day]] = field(default_factory=dict)
    """sequence → account, guardian, whether it was opened or closed, day"""
    archived: dict[str, str] = field(default_factory=dict)
    """sequence → the reason, or nothing where the pupil was restored"""
    recorded: dict[str, Recorded] = field(default_factory=dict)
    """sequence of what registration said → when it was recorded"""

    def season(self, code: str) -> SeasonFacts:
        """Returns the facts of a season, empty at first."""
        return self.seasons.setdefault(code, SeasonFacts())

    @property
    def is_mistake(self) -> bool:
        """True where the pupil was entered by mistake, and never counts."""
        return bool(self.archived) and self.archived[max(self.archived)] == "mistake"


def learn(pupil: Pupil, envelope: Envelope) -> bool:
    """Adds an event's fact to the pupil's set; False when figures do not depend on the event."""
    event: Any = envelope.event
    day, recorded = envelope.day.isoformat(), recorded_at(envelope)
    match event:
        case registration.ParticipantRegistered():
            facts = pupil.season(event.season)
            facts.place = Place.of(event)
            facts.registered = day
            facts.entered = envelope.sequence
        case registration.ParticipantMoved():
            pupil.moves[day, envelope.sequence] = Place.of_move(event)
        case registration.ParticipantArchived():
            pupil.archived[envelope.sequence] = event.reason
        case registration.ParticipantRestored():
            pupil.archived[envelope.sequence] = ""
        case registration.GuardianUnlinked(reason="of-age"):
            return False  # the guardian has taken part, and the figures of a season do not shrink as its pupils grow up
        case registration.GuardianLinked() | registration.GuardianUnlinked():
            opened = isinstance(event, registration.GuardianLinked)
            pupil.cabinets[envelope.sequence] = event.account, event.guardian, opened, day
        case registration.Merging():
            pupil.hear(event, envelope.sequence)
        case trials.PathEvent():
            return _step(pupil.season(event.season), event, day, recorded)
        case _:
            return False
    pupil.recorded[envelope.sequence] = recorded
    return True


def recorded_at(envelope: Envelope) -> Recorded:
    """Returns when an event was recorded; all in one form, so that texts compare."""
    return envelope.recordedtime.astimezone(UTC).isoformat(timespec="microseconds")


def _step(facts: SeasonFacts, event: Any, day: Day, recorded: Recorded) -> bool:
    """Adds a step of a path to the facts of its season."""
    taken_back = None
    match event:
        case trials.DiagnosticCompleted():
            facts.diagnostics[event.attempt] = (event.diagnostic, day)
            if event.round == 2:
                facts.second_round.add(event.attempt)
        case trials.DiagnosticRevoked():
            facts.undone.add(taken_back := event.attempt)
        case trials.TrialBooked(source=None):  # who was let in at the door is no demand
            facts.booked[event.booking] = (event.competency, event.kind, day, event.slot)
        case trials.TrialCancelled():
            facts.cancelled.add(taken_back := event.booking)
        case trials.TrialAttended():
            facts.attended[event.attendance] = (event.competency, event.kind, day, event.slot)
        case lessons.LessonAttended():
            facts.attended[event.attendance] = ("", "lesson", day, event.lesson)
        case trials.AttendanceRevoked() | lessons.LessonRevoked():
            facts.revoked.add(taken_back := event.attendance)
        case trials.RecommendationIssued():
            facts.recommended[event.recommendation] = day
            facts.issued[event.recommendation] = recorded
        case trials.RecommendationWithdrawn():
            facts.withdrawn.add(taken_back := event.recommendation)
        case _:
            return False
    if taken_back is not None:
        facts.taken_back[taken_back] = min(recorded, facts.taken_back.get(taken_back, recorded))
    return True
