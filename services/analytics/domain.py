"""The fold: a pupil's set of facts → what the pupil adds to every cell of the figures. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, get_args

from shared.contracts import registration, trials
from shared.contracts.event import Envelope
from shared.texts import class_form

Stage = Literal["registered", "participated", "tested", "attended", "completed", "recommended"]
STAGES: tuple[Stage, ...] = get_args(Stage)
Day = str
"""A local day, `2020-09-14`: compares as text."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a season asks of a pupil."""

    diagnostics: frozenset[str]
    trials_required: int


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
    """One pupil's facts: by season, and the guardians who opened a cabinet (guardian → day of the first link)."""

    seasons: dict[str, SeasonFacts] = field(default_factory=dict)
    guardians: dict[str, Day] = field(default_factory=dict)

    def season(self, code: str) -> SeasonFacts:
        """The facts of a season, empty at first."""
        return self.seasons.setdefault(code, SeasonFacts())

    def respell(self) -> bool:
        """Gives classes their one name, which an older release stored as it was written; False where they had it."""
        changed = False
        for facts in self.seasons.values():
            if facts.place and facts.place.school_class != (name := class_form(facts.place.school_class)):
                facts.place, changed = facts.place._replace(school_class=name), True
        return changed


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
            pupil.guardians[event.guardian] = min(day, pupil.guardians.get(event.guardian, day))
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
    """The day on which each stage was reached: the latest of its own facts and its prerequisites'.

    registered ← participated (a diagnostic completed, or an activity of any kind attended) ← tested (every required
    diagnostic) ← recommended; participated ← attended (one trial); tested, attended, recommended ← completed
    (the season's number of trials, and a recommendation).
    """
    if facts.registered is None:
        return {}
    days: dict[Stage, Day] = {"registered": facts.registered}
    activities = [day for _, _, day in facts.attendances()]
    first_steps = [day for _, day in facts.diagnostics.values()] + activities
    if first_steps:
        days["participated"] = max(facts.registered, min(first_steps))
    tested = _first_days(facts.diagnostics.values())
    if rules.diagnostics <= tested.keys():
        required = [tested[code] for code in rules.diagnostics]
        days["tested"] = max(days.get("participated", facts.registered), *required)
    trial_days = sorted(day for _, kind, day in facts.attendances() if kind in trials.TRIAL_KINDS)
    if trial_days:
        days["attended"] = max(days["participated"], trial_days[0])
    recommended = [day for key, day in facts.recommended.items() if key not in facts.withdrawn]
    if recommended and "tested" in days:
        days["recommended"] = max(days["tested"], min(recommended))
    if "recommended" in days and len(trial_days) >= rules.trials_required:
        nth = trial_days[rules.trials_required - 1]
        days["completed"] = max(days["recommended"], days["attended"], nth)
    return days


def _first_days(completed: Iterable[tuple[str, Day]]) -> dict[str, Day]:
    """Diagnostic → the day on which it was first completed."""
    first: dict[str, Day] = {}
    for code, day in completed:
        first[code] = min(day, first.get(code, day))
    return first


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
    """A guardian's cabinet of one pupil of a season. Links do not add up: a guardian may have children anywhere."""

    season: str
    participant: str
    guardian: str
    place: Place
    day: Day


@dataclass(slots=True)
class Contribution:
    """What one pupil adds to the figures of one season."""

    cells: Counter[Cell] = field(default_factory=Counter)
    links: set[Link] = field(default_factory=set)


FOLD = "1"
"""The version of `contribution` and `guardian_cells`; another whenever they give other cells for the same facts, since
an update subtracts what they gave before."""


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
    for guardian, day in pupil.guardians.items():
        result.links.add(Link(season, participant, guardian, place, max(day, facts.registered)))
    return result


def _cell(table: Table, season: str, place: Place, document: str, *path: str) -> Cell:
    return Cell(table, season, place.region, place.municipality, document, path)


def difference(old: Counter[Cell], new: Counter[Cell]) -> Counter[Cell]:
    """New minus old, without zeros."""
    change = Counter(new)
    change.subtract(old)
    return Counter({cell: n for cell, n in change.items() if n})


def rules_of(season: Mapping[str, Any]) -> Rules:
    """The rules of a season's catalogue entry."""
    return Rules(frozenset(season["diagnostics"]), int(season["trials_required"]))
