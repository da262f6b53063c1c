"""Seasons may number attempts: how many a pupil has of a diagnostic in a round, and leaves for one more."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple

from services.trials.domain.calendar.seasons import Season
from services.trials.domain.path.paths import path_id
from shared.base.errors import Conflict
from shared.base.models import Input
from shared.contracts.codes import DiagnosticCode, SeasonCode
from shared.identity.acting import Actor, changed
from shared.programme.moments import Moment

RepeatReason = Literal["interrupted", "not-understood", "technical", "another-pupil", "other"]
"""The attempt was broken off, its words were not understood, the device failed, or another pupil answered."""


class RepeatCommand(Input):
    """The navigator's leave for one more attempt at a diagnostic."""

    season: SeasonCode
    diagnostic: DiagnosticCode
    """Code of one of the season's diagnostics."""
    reason: RepeatReason
    """The reason why the pupil takes it once more."""
    occurred_at: Moment | None = None
    """The day tells the round for which it is given."""


class Sitting(NamedTuple):
    """The attempts of one entry's path at a diagnostic in a round."""

    path: str
    diagnostic: str
    round: int


@dataclass(frozen=True, slots=True)
class Repeat:
    """A leave for the attempt behind those that stood when it was given; given twice, it is the same."""

    sitting: Sitting
    above: int
    """The number of attempts, those of joined entries too, of which it allows one more."""
    reason: RepeatReason
    time: datetime
    by: Actor | None = None

    def document(self) -> dict[str, Any]:
        """The row as it is stored."""
        sitting = self.sitting._asdict()
        return {
            "_id": "/".join(map(str, (*sitting.values(), self.above))),
            **sitting,
            "above": self.above,
            "reason": self.reason,
            "time": self.time.isoformat(),
            **changed(self.by),
        }


@dataclass(slots=True)
class Tally:
    """The attempts on paths of seasons that number them, and the leaves that were given for more."""

    attempts: Counter[Sitting] = field(default_factory=Counter)
    allowed: Mapping[Sitting, int] = field(default_factory=dict)
    """The most attempts that a leave allows."""

    def may_attempt(self, season: Season, entries: Iterable[str], diagnostic: str, round: int) -> bool:
        """Tells whether the pupil with these entries has an attempt left."""
        if season.attempts_per_round is None:
            return True
        sittings = [Sitting(path_id(entry, season.id), diagnostic, round) for entry in entries]
        most = max([season.attempts_per_round, *(self.allowed.get(one, 0) for one in sittings)])
        return sum(self.attempts[one] for one in sittings) < most

    def must_allow(self, season: Season, entries: Iterable[str], diagnostic: str, round: int) -> None:
        """Raises Conflict where the pupil has no attempt left."""
        if not self.may_attempt(season, entries, diagnostic, round):
            detail = "the pupil has taken the diagnostic in this round; the navigator can give leave to repeat it"
            raise Conflict.about("diagnostic", detail, "attempt-taken")

    def repeat(self, sitting: Sitting, entries: Iterable[str], command: RepeatCommand, time: datetime) -> Repeat:
        """Returns the leave for one more attempt than those of all entries."""
        taken = (self.attempts[sitting._replace(path=path_id(entry, command.season))] for entry in entries)
        return Repeat(sitting, sum(taken), command.reason, time)
