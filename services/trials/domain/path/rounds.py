"""The diagnostics that a path has completed, round by round, as attempts are taken and taken back."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.trials.domain.catalogue.diagnostics import Attempt
from services.trials.domain.path.paths import Path


def completing(path: Path, diagnostic: str, round: int, time: datetime, *refs: str) -> Path:
    """Returns the path after a diagnostic was completed in a round; of several times the first stays.

    `refs` are those of the attempts that the path has not had yet.
    """
    times = dict(path.times(round))
    times[diagnostic] = min(time, times.get(diagnostic, time))
    return path.model_copy(update={_field(round): times, "attempts": (*path.attempts, *refs)})


def without(path: Path, gone: Collection[tuple[str, int]], left: Iterable[Attempt]) -> Path:
    """Returns one entry's path after attempts were taken back, of which diagnostics in which rounds.

    The first of those that are left completes the diagnostic in its round.
    """
    for round in (1, 2):
        times = {code: time for code, time in path.times(round) if (code, round) not in gone}
        path = path.model_copy(update={_field(round): times})
    for attempt in left:
        if (attempt.diagnostic, attempt.round) in gone:
            path = completing(path, attempt.diagnostic, attempt.round, attempt.time)
    return path


@dataclass(frozen=True, slots=True)
class Change:
    """The change between the last attempts at one diagnostic of the first and of the second round."""

    diagnostic: str
    before: str
    """Id of the attempt of the first round, as `after` is of that of the second one."""
    after: str
    scales: Mapping[str, float]
    """Scale → the difference in points of percent."""


def changes(attempts: Iterable[Attempt]) -> list[Change]:
    """Returns the changes of profiles, by diagnostic; of two attempts at one time the one with the higher id is last.

    An attempt whose profile is lost, or that has another scale, says nothing of a change of it.
    """
    last: dict[tuple[str, int], Attempt] = {}
    for one in sorted((one for one in attempts if one.profile), key=lambda one: (one.time, one.id)):
        last[one.diagnostic, one.round] = one
    pairs = ((before, last.get((code, 2))) for (code, number), before in sorted(last.items()) if number == 1)
    return [Change(a.diagnostic, a.id, b.id, _difference(a.profile, b.profile)) for a, b in pairs if b is not None]


def _difference(before: Mapping[str, float], after: Mapping[str, float]) -> Mapping[str, float]:
    return {scale: round(after[scale] - points, 1) for scale, points in before.items() if scale in after}


def _field(round: int) -> str:
    return "second_round" if round == 2 else "diagnostics"
