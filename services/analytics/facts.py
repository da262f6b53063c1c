"""A pupil's facts: a set that events add to, and the days on which the pupil reaches the stages of a season. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from shared.contracts import registration, trials
from shared.contracts.event import Envelope
from shared.contracts.registration import MergeRole
from shared.programme.place import Place
from shared.programme.stages import Facts, Rules, Stage, reached

Day = str
"""A local day, `2020-09-14`: compares as text."""
Step = tuple[str, str, Day, str]
"""What was booked or attended: competency, kind, day, slot."""
Role = MergeRole | Literal[""]
"""A pupil's role towards another one: none once they are parted."""
Word = tuple[str, Role]
"""What a pupil says of another one: the sequence, and the own role while they are merged, or nothing once parted."""


@dataclass(slots=True)
class SeasonFacts:
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
    booked: dict[str, Step] = field(default_factory=dict)
    """by booking"""
    cancelled: set[str] = field(default_factory=set)
    attended: dict[str, Step] = field(default_factory=dict)
    """by attendance"""
    revoked: set[str] = field(default_factory=set)
    recommended: dict[str, Day] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)

    def completed(self) -> Iterator[tuple[str, Day]]:
        """Yields the diagnostics that stand."""
        return (fact for key, fact in self.diagnostics.items() if key not in self.undone)

    def attendances(self) -> Iterator[Step]:
        """Yields the attendances that stand."""
        return (fact for key, fact in self.attended.items() if key not in self.revoked)

    def bookings(self) -> Iterator[Step]:
        """Yields the bookings that stand."""
        return (fact for key, fact in self.booked.items() if key not in self.cancelled)


@dataclass(slots=True)
class Pupil:
    """One pupil's facts, each under the sequence of its event where a later one can undo it."""

    seasons: dict[str, SeasonFacts] = field(default_factory=dict)
    moves: dict[Day, tuple[str, Place]] = field(default_factory=dict)
    """day from which the pupil belongs to a place → sequence, place; of a day the latest sequence"""
    cabinets: dict[str, tuple[str, str, bool, Day]] = field(default_factory=dict)
    """sequence → account, guardian, whether it was opened or closed, day"""
    archived: dict[str, str] = field(default_factory=dict)
    """sequence → the reason, or nothing where the pupil was restored"""
    others: dict[str, Word] = field(default_factory=dict)
    """other pupil → what this one last said of it"""

    def season(self, code: str) -> SeasonFacts:
        """Returns the facts of a season, empty at first."""
        return self.seasons.setdefault(code, SeasonFacts())

    def role_to(self, other: str) -> Role:
        """Returns the last that this pupil said of another one, none where it said nothing."""
        return self.others[other][1] if other in self.others else ""

    @property
    def merged_with(self) -> list[str]:
        """The other pupils with whom this one says that it is merged."""
        return [other for other, (_, role) in self.others.items() if role]

    @property
    def is_mistake(self) -> bool:
        """True where the pupil was entered by mistake, and never counts."""
        return bool(self.archived) and self.archived[max(self.archived)] == "mistake"


class Span(NamedTuple):
    """Days from one on until the day before another; None for as long as nothing else is said."""

    begins: Day
    ends: Day | None

    def within(self, other: "Span") -> "Span | None":
        """Returns the part that lies within another; None where there is none."""
        begins = max(self.begins, other.begins)
        ends = min((day for day in (self.ends, other.ends) if day is not None), default=None)
        return Span(begins, ends) if ends is None or begins < ends else None


class Link(NamedTuple):
    """A guardian's cabinet of one pupil of a season, while the pupil belongs to one place.

    Links do not add up: a guardian may have children anywhere, and is one by the account, since every school knows the
    guardian under an id of its own.
    """

    season: str
    participant: str
    guardian: str
    """The account."""
    place: Place
    day: Day
    """The day on which the cabinet was opened, or the pupil registered if that was later."""
    span: Span


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A pupil's season as figures count it, from the day of the registration on, in one place where the pupil was."""

    season: str
    place: Place
    stay: Span
    """The days in the place."""
    registered: Day
    facts: SeasonFacts
    stages: Mapping[Stage, Day]
    """The day on which each stage was reached."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The part of a season's definition that figures need."""

    rules: Rules
    closes: Day
    """Its last day: a later move takes nothing of it along."""

    @classmethod
    def of(cls, season: Mapping[str, Any]) -> "Terms":
        """Returns the terms of a season's definition, as the event has it."""
        return cls(Rules.of(season), str(season["closes"]))


def learn(pupil: Pupil, envelope: Envelope) -> bool:
    """Adds an event's fact to the pupil's set; False when figures do not depend on the event."""
    event: Any = envelope.event
    day = envelope.day.isoformat()
    match event:
        case registration.ParticipantRegistered():
            facts = pupil.season(event.season)
            facts.place = Place.of(event)
            facts.registered = day
            facts.entered = envelope.sequence
        case registration.ParticipantMoved():
            led = envelope.sequence, Place.of_move(event)
            pupil.moves[day] = max(led, pupil.moves.get(day, led))
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
            said: Word = envelope.sequence, event.role if isinstance(event, registration.ParticipantMerged) else ""
            pupil.others[event.other] = max(said, pupil.others.get(event.other, said))
        case trials.PathEvent():
            return _step(pupil.season(event.season), event, day)
        case _:
            return False
    return True


def _step(facts: SeasonFacts, event: Any, day: Day) -> bool:
    """Adds a step of a path to the facts of its season."""
    match event:
        case trials.DiagnosticCompleted():
            facts.diagnostics[event.attempt] = (event.diagnostic, day)
        case trials.DiagnosticRevoked():
            facts.undone.add(event.attempt)
        case trials.TrialBooked():
            facts.booked[event.booking] = (event.competency, event.kind, day, event.slot)
        case trials.TrialCancelled():
            facts.cancelled.add(event.booking)
        case trials.TrialAttended():
            facts.attended[event.attendance] = (event.competency, event.kind, day, event.slot)
        case trials.AttendanceRevoked():
            facts.revoked.add(event.attendance)
        case trials.RecommendationIssued():
            facts.recommended[event.recommendation] = day
        case trials.RecommendationWithdrawn():
            facts.withdrawn.add(event.recommendation)
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
            facts.completed(),
            [(kind, day) for _, kind, day, _ in facts.attendances()],
            [day for key, day in facts.recommended.items() if key not in facts.withdrawn],
        ),
        rules,
    )


def enrolments(pupil: Pupil, season: str, terms: Terms) -> Iterator[Enrolment]:
    """Yields the pupil's season as figures count it, for each place where the pupil was; none before the registration.

    Of a pupil who was entered by mistake there is none either.
    """
    facts = pupil.seasons.get(season)
    if facts is None or facts.place is None or facts.registered is None or pupil.is_mistake:
        return
    stages = stage_days(facts, terms.rules)
    first = facts.registered, facts.entered, facts.place
    for place, stay in stays(first, placements(pupil), terms.closes):
        yield Enrolment(season, place, stay, facts.registered, facts, stages)


Placement = tuple[Day, str, Place]
"""A day from which a pupil belongs to a place, and the sequence of what said so."""


def placements(pupil: Pupil) -> Iterator[Placement]:
    """Yields all that was said of where a pupil is: by moves, and by the registrations of all seasons."""
    for day, (sequence, place) in pupil.moves.items():
        yield day, sequence, place
    for facts in pupil.seasons.values():
        if facts.place is not None and facts.registered is not None:
            yield facts.registered, facts.entered, facts.place


def stays(first: Placement, others: Iterable[Placement], closes: Day) -> list[tuple[Place, Span]]:
    """Returns where a pupil was from when until when, beginning with the registration.

    A day's place is that of the placement with the latest day until then, of one day with the latest sequence. Those
    after the season's last day are none of its own.
    """
    later = sorted(other for other in others if first[:2] < other[:2] and other[0] <= closes)
    on = {day: place for day, _, place in (first, *later)}
    days = [day for day, before in zip(on, [None, *on.values()], strict=False) if on[day] != before]
    return [(on[day], Span(day, ends)) for day, ends in zip(days, [*days[1:], None], strict=True)]


def cabinets(pupil: Pupil) -> Iterator[tuple[str, Span]]:
    """Yields the account and the days on which its guardian had a cabinet for the pupil, as few spans as there are.

    Two schools know one guardian under two ids: what was opened under both is one cabinet, since the first of them.
    """
    opened: dict[tuple[str, str], Day] = {}
    spans: dict[str, list[Span]] = {}
    for _, (account, guardian, is_open, day) in sorted(pupil.cabinets.items()):
        key = account, guardian
        if is_open:
            opened[key] = min(day, opened.get(key, day))
        elif (begins := opened.pop(key, day)) < day:
            spans.setdefault(account, []).append(Span(begins, day))
    for (account, _), begins in opened.items():
        spans.setdefault(account, []).append(Span(begins, None))
    for account, of_account in spans.items():
        for span in joined(of_account) if len(of_account) > 1 else of_account:
            yield account, span


def joined(spans: Iterable[Span]) -> list[Span]:
    """Returns the days that lie in any of the spans, as few spans that do not touch."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda span: span.begins):
        last = found[-1] if found else None
        if last is None or (last.ends is not None and last.ends < span.begins):
            found.append(span)
        elif last.ends is not None:
            found[-1] = Span(last.begins, None if span.ends is None else max(last.ends, span.ends))
    return found
