"""The catalogue as a recount reads it: the newest definition of each season, its closing and revisions. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from services.analytics.verification.rows import Row
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
    quotas: tuple[str, str] = ("attendance", "False")
    """The unit that quotas count, and whether they bind."""
    closed: str | None = None
    """When the closing was recorded; None while the season is open."""
    revised: str = ""
    """When the last revision was recorded, or the closing before the first one."""
    revision: int | None = None
    """The number of the last one, 0 for the closing."""

    @property
    def is_defined(self) -> bool:
        """True once a definition was read; before that nothing counts."""
        return bool(self.sequence)

    @property
    def row(self) -> Row:
        """The row of its rules, by which figures are counted and answered; it counts once."""
        rules = self.closes, str(self.trials_required), " ".join(sorted(self.diagnostics)), str(self.any_round)
        ended = self.closed or "", self.revised, "" if self.revision is None else str(self.revision)
        return "seasons", self.code, "", "", "", *rules, *self.quotas, *ended

    def hear(self, envelope: Envelope) -> None:
        """Takes an event of the season; they may come again."""
        event: Any = envelope.event
        recorded = instant(envelope.recordedtime)
        match event.type:
            case "season.defined.v1" if envelope.sequence > self.sequence:
                self.sequence, self.closes = envelope.sequence, event.closes.isoformat()
                self.diagnostics, self.trials_required = frozenset(event.diagnostics), event.trials_required
                self.any_round = event.tested_by == "any-round"
                self.quotas = event.quota_unit, str(event.quotas_bind)
            case "season.closed.v1":
                self.closed = min(recorded, self.closed or recorded)
                self.revised, self.revision = max(recorded, self.revised), self.revision or 0
            case "season.corrected.v1":
                self.revised, self.revision = max(recorded, self.revised), max(event.revision, self.revision or 0)

    def counted(self, facts: Iterable[Fact]) -> Iterator[Fact]:
        """Yields the facts that count in the season, which is all of them while it is open."""
        for fact in facts:
            late = self.closed is not None and (
                (fact.type in LIFE and fact.recorded > self.closed)
                or (fact.type in CORRECTIONS and fact.recorded > self.revised)
            )
            if not late:
                yield fact
