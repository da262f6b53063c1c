"""Steps that happened after a consent had ended, and were taken before that was heard: they are taken back.

The copy of a pupil is a moment behind registration, and a withdrawal may be entered late. What was taken meanwhile
never was allowed: answers are destroyed, and each step has an event that takes it back. A consent that is given again
brings nothing of it back; it can be recorded anew.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from services.trials.copies.joining import Joined
from services.trials.domain.catalogue.diagnostics import Attempt
from services.trials.domain.path import rounds
from services.trials.domain.path.corrections import taken_back, told
from services.trials.domain.path.path_parts import Attendance, Correction, Lesson
from services.trials.domain.path.paths import Path
from shared.storage.decision import Decision, Happened

Attempts = Mapping[str, Sequence[Attempt]]
"""The attempts on each entry's path, by the path's id."""
Revoked = Literal["revoked", "unheld"]
"""The kind of a correction of an attendance, or of a lesson."""


class _Judged(NamedTuple):
    """The attempts on one path: those that count, and those that do not."""

    left: Sequence[Attempt]
    gone: Sequence[Attempt]


def retract(decision: Decision[Path], joined: Joined, attempts: Attempts) -> Decision[Path]:
    """Takes back the lessons, attendances and attempts of a path that happened in a time without consent after one.

    Bookings are given up by whoever frees seats, once nothing was attended.
    """
    for entry in decision.state.entries:
        held: tuple[Lesson | Attendance, ...] = (*entry.lessons, *entry.attendances)
        for part in held:
            if part.revoked is None and joined.unconsented(entry.participant, part.time):
                kind: Revoked = "unheld" if isinstance(part, Lesson) else "revoked"
                correction = Correction(kind=kind, id=part.id, time=part.time, why="consent")
                decision = taken_back(decision, joined.pupil, correction)
    for entry in decision.state.entries:
        judged = _judged(attempts.get(entry.id, ()), joined, entry.participant)
        if judged.gone:
            decision = _without(decision, entry, judged, joined)
    return decision


def _judged(attempts: Sequence[Attempt], joined: Joined, entry: str) -> _Judged:
    gone = [attempt for attempt in attempts if joined.unconsented(entry, attempt.time)]
    return _Judged([attempt for attempt in attempts if attempt not in gone], gone)


def _without(decision: Decision[Path], entry: Path, judged: _Judged, joined: Joined) -> Decision[Path]:
    """Returns the decision with attempts of one entry taken back; a duplicate notes what was told for it."""
    path = decision.state
    corrections = [
        Correction(kind="retracted", id=a.id, time=a.time, why="consent", diagnostic=a.diagnostic, round=a.round)
        for a in judged.gone
    ]
    happened = tuple(Happened(told(path, joined.pupil, one), one.time) for one in corrections)
    after = _path_of(entry, judged)
    if entry.id == path.id:
        state = after.model_copy(update={"duplicates": path.duplicates})
    else:
        noted = after.model_copy(update={"corrections": (*entry.corrections, *corrections)})
        duplicates = tuple(noted if one.id == entry.id else one for one in path.duplicates)
        state = path.model_copy(update={"duplicates": duplicates})
    return Decision(state, (*decision.happened, *happened))


def _path_of(entry: Path, judged: _Judged) -> Path:
    """Returns one entry's path without attempts."""
    refs = {attempt.ref for attempt in judged.gone}
    after = rounds.without(entry, {(attempt.diagnostic, attempt.round) for attempt in judged.gone}, judged.left)
    return after.model_copy(update={"attempts": tuple(ref for ref in entry.attempts if ref not in refs)})
