"""The stages of a pupil's season, defined once: family, school and operator see the same stages on the same days.

registered ← participated (a diagnostic completed in any round, or an activity of any kind attended) ← tested (every
required diagnostic, in the first round unless the season takes any) ← recommended; participated ← attended (one trial);
tested, attended, recommended ← completed (the season's number of trials, and a recommendation). A stage is reached with
the latest of its own facts and of its prerequisites.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Literal, Protocol, Self, TypeVar, get_args

from shared.base.models import Answer
from shared.contracts.trials import TRIAL_KINDS
from shared.programme.moments import LocalTime

Stage = Literal["registered", "participated", "tested", "attended", "completed", "recommended"]
STAGES: tuple[Stage, ...] = get_args(Stage)


class Ordered(Protocol):
    """A time of something: a local day, or a moment of one."""

    def __lt__(self, other: Any, /) -> bool: ...


T = TypeVar("T", bound=Ordered)


@dataclass(frozen=True, slots=True)
class Rules:
    """A season's demands on a pupil."""

    diagnostics: frozenset[str]
    trials_required: int
    any_round: bool = False
    """True where a diagnostic of the second round counts for `tested`, too."""

    @classmethod
    def of(cls, season: Mapping[str, Any]) -> Self:
        """From a season's definition, as the event has it; one of an earlier release says nothing of rounds."""
        any_round = season.get("tested_by") == "any-round"
        return cls(frozenset(season["diagnostics"]), int(season["trials_required"]), any_round)


@dataclass(frozen=True, slots=True)
class Facts(Generic[T]):
    """The facts of a pupil's season that stand, each with its time."""

    registered: T
    diagnostics: Iterable[tuple[str, T]]
    """Completed in the first round, by code; one may be there several times."""
    attended: Iterable[tuple[str, T]]
    """Activities, by kind, without those revoked."""
    recommended: Iterable[T]
    """Without those withdrawn."""
    second_round: Iterable[tuple[str, T]] = ()
    """Diagnostics that were completed in the second round."""


def reached(facts: Facts[T], rules: Rules) -> dict[Stage, T]:
    """The stages reached, each with when."""
    at: dict[Stage, T] = {"registered": facts.registered}
    attended, first, second = list(facts.attended), _first(facts.diagnostics), _first(facts.second_round)
    if steps := [*first.values(), *second.values(), *(time for _, time in attended)]:
        at["participated"] = max(facts.registered, min(steps))
    counted = _first([*first.items(), *second.items()]) if rules.any_round else first
    if rules.diagnostics <= counted.keys():
        required = [counted[code] for code in rules.diagnostics]
        at["tested"] = max([at.get("participated", facts.registered), *required])
    if trials := sorted(time for kind, time in attended if kind in TRIAL_KINDS):
        at["attended"] = max(at["participated"], trials[0])
    recommended = list(facts.recommended)
    if recommended and "tested" in at:
        at["recommended"] = max(at["tested"], min(recommended))
    if "recommended" in at and len(trials) >= rules.trials_required:
        walked = [at["attended"], trials[rules.trials_required - 1]] if rules.trials_required > 0 else []
        at["completed"] = max([at["recommended"], *walked])
    return at


def _first(completed: Iterable[tuple[str, T]]) -> dict[str, T]:
    """Diagnostic → when it was first completed."""
    first: dict[str, T] = {}
    for code, time in completed:
        first[code] = min(time, first.get(code, time))
    return first


class Stages(Answer):
    """The times at which a pupil reached each stage of the funnel, on the region's clock; null where not reached."""

    registered: LocalTime
    """When the school entered the pupil into the season."""
    participated: LocalTime | None = None
    """When the pupil completed a diagnostic or attended an activity of any kind for the first time."""
    tested: LocalTime | None = None
    """When the pupil completed the last of the required diagnostics."""
    attended: LocalTime | None = None
    """When the pupil attended a practical trial for the first time."""
    completed: LocalTime | None = None
    """When the season's number of practical trials was reached and a recommendation was there."""
    recommended: LocalTime | None = None
    """When the recommendation in force was issued, and all required diagnostics were completed."""

    @classmethod
    def of(cls, facts: Facts[datetime], rules: Rules) -> Self:
        """By local day first, as figures count: an earlier release let a time keep another offset than the region's."""
        by_day = Facts(
            _told(facts.registered),
            [(code, _told(time)) for code, time in facts.diagnostics],
            [(kind, _told(time)) for kind, time in facts.attended],
            [_told(time) for time in facts.recommended],
            [(code, _told(time)) for code, time in facts.second_round],
        )
        return cls(**{stage: time for stage, (_, time) in reached(by_day, rules).items()})


def _told(time: datetime) -> tuple[str, datetime]:
    return time.date().isoformat(), time
