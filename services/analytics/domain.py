"""The fold: a pupil's set of facts → what the pupil adds to every cell of the figures. Pure."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from shared.contracts import registration, trials
from shared.contracts.event import Envelope
from shared.programme.stages import Facts, Rules, Stage, reached
from shared.programme.texts import class_form

Day = str
"""A local day, `2020-09-14`: compares as text."""


class Place(NamedTuple):
    """Where a pupil belongs in a season."""

    region: str
    municipality: str
    school: str
    school_class: str
    grade: int


@dataclass(slots=True)
class SeasonFacts:
    """What is known of one pupil in one season; a set by natural key, so that order and repetition do not matter."""

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
        """Those that stand."""
        return (fact for key, fact in self.attended.items() if key not in self.revoked)

    def bookings(self) -> Iterator[tuple[str, str, Day]]:
        """Those that stand."""
        return (fact for key, fact in self.booked.items() if key not in self.cancelled)


@dataclass(slots=True)
class Pupil:
    """One pupil's facts: by season, and the guardians who opened a cabinet (account → day of the first link)."""

    seasons: dict[str, SeasonFacts] = field(default_factory=dict)
    guardians: dict[str, Day] = field(default_factory=dict)

    def season(self, code: str) -> SeasonFacts:
        """The facts of a season, empty at first."""
        return self.seasons.setdefault(code, SeasonFacts())


def learn(pupil: Pupil, envelope: Envelope) -> bool:
    """Adds an event's fact to the pupil's set; False when figures do not depend on the event."""
    event: Any = envelope.event
    day = envelope.day.isoformat()
    match event:
        case registration.ParticipantRegistered():
            facts = pupil.season(event.season)
            name = class_form(event.school_class)
            facts.place = Place(event.region, event.municipality, event.school, name, event.grade)
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
    """The day on which each stage was reached; none before the registration is known."""
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


Table = Literal["funnel", "classes", "demand", "region-guardians", "municipality-guardians", "school-guardians"]


class Cell(NamedTuple):
    """One count of a table: which document it is packed into (table, season, place) and its path inside."""

    table: Table
    season: str
    region: str
    municipality: str
    place: str
    """The municipality; for `classes` and `school-guardians` the school; for `region-guardians` the region."""
    path: tuple[str, ...]
    """funnel: stage, grade, day · classes: stage, class, grade, day · demand: attended or booked, competency, day ·
    guardians: all, grade and grade, day and day, or class, class and grade; then day"""


class Link(NamedTuple):
    """A guardian's cabinet of one pupil of a season. Links do not add up: a guardian may have children anywhere, and is
    one by the account, since every school knows the guardian under an id of its own."""

    season: str
    participant: str
    guardian: str
    """The account."""
    place: Place
    day: Day


@dataclass(slots=True)
class Contribution:
    """What one pupil adds to the figures of one season."""

    cells: Counter[Cell] = field(default_factory=Counter)
    links: set[Link] = field(default_factory=set)


FOLD = "2"
"""The version of the fold: another whenever `learn` keeps, or `contribution` and `guardian_cells` give, something else
for the same events, since an update subtracts what they gave before. Each has collections and a group of its own, so
that an earlier release goes on beside it; `bilet migrate` replays the events into a new one."""


def contribution(participant: str, season: str, pupil: Pupil, rules: Rules) -> Contribution:
    """The pupil's cells and guardians' links in a season; an update of the figures is the new one minus the old one."""
    facts = pupil.seasons.get(season)
    if facts is None or facts.place is None or facts.registered is None:
        return Contribution()
    place, result = facts.place, Contribution()
    for stage, day in stage_days(facts, rules).items():
        grade = str(place.grade)
        result.cells[_cell("funnel", season, place, place.municipality, stage, grade, day)] += 1
        result.cells[_cell("classes", season, place, place.school, stage, place.school_class, grade, day)] += 1
    for measure, held in (("attended", facts.attendances()), ("booked", facts.bookings())):
        for competency, kind, day in held:
            if kind in trials.TRIAL_KINDS:
                on = max(day, facts.registered)
                result.cells[_cell("demand", season, place, place.municipality, measure, competency, on)] += 1
    for account, day in pupil.guardians.items():
        result.links.add(Link(season, participant, account, place, max(day, facts.registered)))
    return result


def _cell(table: Table, season: str, place: Place, document: str, *path: str) -> Cell:
    return Cell(table, season, place.region, place.municipality, document, path)


def difference(old: Counter[Cell], new: Counter[Cell]) -> Counter[Cell]:
    """New minus old, without zeros."""
    change = Counter(new)
    change.subtract(old)
    return Counter({cell: n for cell, n in change.items() if n})
