"""Use case: the national operator approves competencies."""

from datetime import UTC, datetime

from services.trials.domain.catalogue import competencies
from services.trials.domain.catalogue.competencies import Competency, CompetencyEntry
from services.trials.repository import Repository
from shared.programme.moments import happened_at


async def approve(repository: Repository, code: str, entry: CompetencyEntry, now: datetime) -> Competency:
    """Approves or renames a competency."""
    time = happened_at(entry.occurred_at, now, UTC)
    alone = repository.alone("competencies", code)
    return await repository.competencies.update(
        code, lambda known: competencies.approve(known, code, entry, time), alone
    )
