"""The catalogue as a recount reads it: the newest definition of each season, its closing and revisions. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from services.analytics.verification.told import Fact, instant
from shared.contracts.event import Envelope

LIFE = (
    *("participant.registered.v1", "participant.moved.v1", "participant.promoted.v1"),
    *("guardian.linked.v1", "guardian.unlinked.v1"),
)
"""Life that goes on: what is recorded of it after the closing says nothing of the season."""
CORRECTIONS = (
    *("participant.merged.v1", "participant.unmerged.v1", "participant.archived.v1", "participant.restored.v1"),
    *("diagnostic.revoked.v1", "trial.cancelled.v1", "attendance.revoked.v1", "lesson.revoked.v1"),
    *("recommendation.issued.v1", "recommendation.withdrawn.v1"),
)
"""Corrections: what is recorded of them after the closing counts from the next revision on."""


@dataclass(slots=True)
class Season:
    """A season as figures depend on it."""

    code: str
    sequence: str = ""
    """That of the newest definition."""
    closes: str = ""
    diagnostics: frozenset[str] = frozenset()
    trials_required: int = 0
    any_round: bool = False
    closed: str | None = None
    """When the closing was recorded; None while the season is open."""
    revised: str = ""
    """When the last revision was recorded, or the closing before the first one."""

    def hear(self, envelope: Envelope) -> None:
        """Takes an event of the season; they may come again."""
        event: Any = envelope.event
        recorded = instant(envelope.recordedtime)
        match event.type:
            case "season.defined.v1" if envelope.sequence > self.sequence:
                self.sequence, self.closes = envelope.sequence, event.closes.isoformat()
                self.diagnostics, self.trials_required = frozenset(event.diagnostics), event.trials_required
                self.any_round = event.tested_by == "any-round"
            case "season.closed.v1":
                self.closed = min(recorded, self.closed or recorded)
                self.revised = max(recorded, self.revised)
            case "season.corrected.v1":
                self.revised = max(recorded, self.revised)

    def counted(self, facts: Iterable[Fact]) -> Iterator[Fact]:
        """Yields the facts that count in the season, which is all of them while it is open."""
        for fact in facts:
            late = self.closed is not None and (
                (fact.type in LIFE and fact.recorded > self.closed)
                or (fact.type in CORRECTIONS and fact.recorded > self.revised)
            )
            if not late:
                yield fact
