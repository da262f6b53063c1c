"""The recommendation as a pure function of what stands: attended trials and profiles, by a season's rules of advice."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from services.trials.domain.catalogue.diagnostics import Attempt
from services.trials.domain.path.advice import Advice, Ground, Leaning, Marked, Profession, Tried, Visited
from services.trials.domain.path.path_parts import Recommendation
from services.trials.domain.path.paths import Path
from shared.contracts.trials import TRIAL_KINDS

MOST_COMPETENCIES = 3
MOST_PROFESSIONS = 5


@dataclass(frozen=True, slots=True)
class Causes:
    """The causes on which a recommendation may rest; nothing that was revoked is among them."""

    tried: Sequence[str] = ()
    """Competencies of the practical trials that were attended, each once, the latest first."""
    visited: Sequence[str] = ()
    """The same of other activities, but for what was tried."""
    marks: Mapping[str, Sequence[tuple[str, int]]] = field(default_factory=dict)
    """The mentors' marks by competency, each with its criterion; a competency of which there are none is missing."""
    profiles: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """The last profile by diagnostic."""
    lost: Collection[str] = ()
    """Diagnostics that were completed, and whose profiles were destroyed since, or lost with a database."""


class Advised(NamedTuple):
    """A competency, or a profession, that is recommended."""

    code: str
    points: int
    because: tuple[str, ...]
    """Codes of the grounds that speak for a competency, or of the competencies on which a profession rests."""


@dataclass(frozen=True, slots=True)
class Recommended:
    """The outcome of rules for causes."""

    ranked: Sequence[Advised]
    """All competencies for which a ground speaks, the most fitting first."""
    professions: Sequence[Advised]
    untried: Sequence[Advised]
    """Competencies to try next: the most fitting ones that were neither tried nor visited."""
    imaginable: frozenset[str]
    """Competencies for which grounds might have spoken that are unknown by now."""

    @property
    def competencies(self) -> tuple[str, ...]:
        """The most fitting ones, which the recommendation names."""
        return tuple(advised.code for advised in self.ranked[:MOST_COMPETENCIES])

    def outdates(self, known: Recommendation) -> bool:
        """Tells whether a recommendation says something else, unless it may rest on grounds that are unknown by now."""
        return known.competencies != self.competencies and not self.imaginable

    def bears_out(self, competencies: Iterable[str]) -> bool:
        """Tells whether a ground speaks for each competency, as far as grounds are known."""
        return set(competencies) <= self.imaginable.union(advised.code for advised in self.ranked)


def recommend(advice: Advice, causes: Causes) -> Recommended:
    """Returns what is recommended: by points, then what was tried or visited last, then by code."""
    known = [*causes.tried, *causes.visited]
    speaking: dict[str, list[Ground]] = defaultdict(list)
    for ground in advice.grounds:
        for code in _spoken_for(ground, causes):
            speaking[code].append(ground)
    ranked = sorted(
        (Advised(code, sum(g.points for g in of), tuple(g.code for g in of)) for code, of in speaking.items()),
        key=lambda a: (-a.points, known.index(a.code) if a.code in known else len(known), a.code),
    )
    lost = (g.competencies for g in advice.grounds if isinstance(g, Leaning) and g.diagnostic in causes.lost)
    return Recommended(
        ranked=ranked,
        professions=_professions(advice.professions, ranked[:MOST_COMPETENCIES]),
        untried=[advised for advised in ranked if advised.code not in known][:MOST_COMPETENCIES],
        imaginable=frozenset[str]().union(*lost),
    )


def _spoken_for(ground: Ground, causes: Causes) -> Iterable[str]:
    match ground:
        case Tried():
            return causes.tried
        case Visited():
            return causes.visited
        case Marked():
            return [code for code, marks in causes.marks.items() if _is_high(ground, marks)]
        case Leaning():
            profile = causes.profiles.get(ground.diagnostic, {})
            value = profile.get(ground.scale, 0)
            is_high = value > 0 and sum(other > value for other in profile.values()) < ground.highest
            return dict.fromkeys(ground.competencies) if is_high else ()
    return ()


def _is_high(ground: Marked, marks: Iterable[tuple[str, int]]) -> bool:
    counted = [mark for criterion, mark in marks if ground.criterion in (None, criterion)]
    return bool(counted) and sum(counted) >= ground.at_least * len(counted)


def _professions(catalogue: Iterable[Profession], ranked: Sequence[Advised]) -> Sequence[Advised]:
    points = {advised.code: advised.points for advised in ranked}
    found = []
    for profession in catalogue:
        rests = tuple(code for code in points if code in profession.competencies)
        if rests:
            found.append(Advised(profession.code, sum(points[code] for code in rests), rests))
    return sorted(found, key=lambda advised: (-advised.points, advised.code))[:MOST_PROFESSIONS]


class Profiles:
    """The attempts whose profiles recommendations may rest on, by path, while steps are decided."""

    def __init__(self, attempts: Mapping[str, Iterable[Attempt]]) -> None:
        self._by_path = {path: list(of) for path, of in attempts.items()}

    def add(self, attempt: Attempt) -> None:
        """Takes in an attempt that is being completed."""
        self._by_path.setdefault(attempt.path, []).append(attempt)

    def on(self, path: Path) -> list[Attempt]:
        """Returns the attempts of all entries that were not taken back, the earliest first."""
        refs = {entry.id: set(entry.attempts) for entry in path.entries}
        standing = [a for id, of in refs.items() for a in self._by_path.get(id, ()) if a.ref in of]
        return sorted(standing, key=lambda attempt: (attempt.time, attempt.id))


def causes_of(path: Path, profiles: Profiles) -> Causes:
    """Returns what a path's recommendation may rest on."""
    latest_first = path.attended[::-1]
    tried = list(dict.fromkeys(a.competency for a in latest_first if a.kind in TRIAL_KINDS))
    others = dict.fromkeys(a.competency for a in latest_first if a.kind not in TRIAL_KINDS)
    known = {attempt.diagnostic: attempt.profile for attempt in profiles.on(path) if attempt.profile}
    marks: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for trial in path.trials:
        if trial.feedback is not None:
            marks[trial.competency] += trial.feedback.marks.items()
    return Causes(
        tried=tried,
        marks=marks,
        visited=[code for code in others if code not in tried],
        profiles=known,
        lost=path.completed((1, 2)).keys() - known.keys(),
    )
