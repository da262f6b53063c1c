"""A pupil's facts: a set that events add to, and the days on which the pupil reaches the stages of a season. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from shared.contracts import registration, trials
from shared.contracts.event import Envelope
from shared.programme.place import Place
from shared.programme.stages import Facts, Rules, Stage, reached

Day = str
"""A local day, `2020-09-14`: compares as text."""


@dataclass(slots=True)
class SeasonFacts:
    """One pupil's facts of one season; a set by natural key, so that order and repetition do not matter."""

    place: Place | None = None
    registered: Day | None = None
    diagnostics: dict[str, tuple[str, Day]] = field(default_factory=dict)
    """attempt → diagnostic, day"""
    booked: dict[str, tuple[str, str, Day]] = field(default_factory=dict)
    """booking → competency, kind, day"""
    cancelled: set[str] = field(default_factory=set)
    attended: dict[str, tuple[str, str, Day]] = field(default_factory=dict)
    """attendance → competency, kind, day"""
    revoked: set[str] = field(default_factory=set)
    recommended: dict[str, Day] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)

    def attendances(self) -> Iterator[tuple[str, str, Day]]:
        """Yields the attendances that stand: competency, kind, day."""
        return (fact for key, fact in self.attended.items() if key not in self.revoked)

    def bookings(self) -> Iterator[tuple[str, str, Day]]:
        """Yields the bookings that stand: competency, kind, day."""
        return (fact for key, fact in self.booked.items() if key not in self.cancelled)


@dataclass(slots=True)
class Pupil:
    """One pupil's facts: by season, and the guardians who opened a cabinet (account → day of the first link)."""

    seasons: dict[str, SeasonFacts] = field(default_factory=dict)
    guardians: dict[str, Day] = field(default_factory=dict)

    def season(self, code: str) -> SeasonFacts:
        """Returns the facts of a season, empty at first."""
        return self.seasons.setdefault(code, SeasonFacts())


class Link(NamedTuple):
    """A guardian's cabinet of one pupil of a season.

    Links do not add up: a guardian may have children anywhere, and is one by the account, since every school knows the
    guardian under an id of its own.
    """

    season: str
    participant: str
    guardian: str
    """The account."""
    place: Place
    day: Day


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A pupil's season as figures count it, from the day of the registration on."""

    season: str
    place: Place
    registered: Day
    facts: SeasonFacts
    stages: Mapping[Stage, Day]
    """The day on which each stage was reached."""


def learn(pupil: Pupil, envelope: Envelope) -> bool:
    """Adds an event's fact to the pupil's set; False when figures do not depend on the event."""
    event: Any = envelope.event
    day = envelope.day.isoformat()
    match event:
        case registration.ParticipantRegistered():
            facts = pupil.season(event.season)
            facts.place = Place.of(event)
            facts.registered = day
        case registration.GuardianLinked():
            pupil.guardians[event.account] = min(day, pupil.guardians.get(event.account, day))
        case trials.DiagnosticCompleted():
            pupil.season(event.season).diagnostics[event.attempt] = (event.diagnostic, day)
        case trials.TrialBooked():
            pupil.season(event.season).booked[event.booking] = (event.competency, event.kind, day)
        case trials.TrialCancelled():
            pupil.season(event.season).cancelled.add(event.booking)
        case trials.TrialAttended():
            pupil.season(event.season).attended[event.attendance] = (event.competency, event.kind, day)
        case trials.AttendanceRevoked():
            pupil.season(event.season).revoked.add(event.attendance)
        case trials.RecommendationIssued():
            pupil.season(event.season).recommended[event.recommendation] = day
        case trials.RecommendationWithdrawn():
            pupil.season(event.season).withdrawn.add(event.recommendation)
        case _:
            return False
    return True


def stage_days(facts: SeasonFacts, rules: Rules) -> dict[Stage, Day]:
    """Returns the day on which each stage was reached; none before the registration is known."""
    if facts.registered is None:
        return {}
    return reached(
        Facts(
            facts.registered,
            facts.diagnostics.values(),
            [(kind, day) for _, kind, day in facts.attendances()],
            [day for key, day in facts.recommended.items() if key not in facts.withdrawn],
        ),
        rules,
    )


def enrolment(pupil: Pupil, season: str, rules: Rules) -> Enrolment | None:
    """Returns the pupil's season as figures count it; None before the registration is known."""
    facts = pupil.seasons.get(season)
    if facts is None or facts.place is None or facts.registered is None:
        return None
    return Enrolment(season, facts.place, facts.registered, facts, stage_days(facts, rules))
