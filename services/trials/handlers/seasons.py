"""Use cases: the national operator sets the rules of a season, and closes it."""

from datetime import UTC, datetime

from services.trials.domain import seasons
from services.trials.domain.seasons import Closing, Season, SeasonRules
from services.trials.repository import Repository
from shared.programme.moments import happened_at


async def define(repository: Repository, code: str, rules: SeasonRules, now: datetime) -> Season:
    """Sets the rules of a season. A season is the nation's, and so told in UTC."""
    time = happened_at(rules.occurred_at, now, UTC)
    alone = repository.alone("seasons", code, "season")
    return await repository.seasons.update(code, lambda known: seasons.define(known, code, rules, time), alone)


async def close(repository: Repository, code: str, closing: Closing, now: datetime) -> Season:
    """Closes a season; raises NotFound for none, Conflict before its last day is over.

    A step that is being recorded meanwhile comes before the closing, or is refused.
    """
    time = happened_at(closing.occurred_at, now, UTC)
    return await repository.seasons.update(code, lambda known: seasons.close(known, code, time))
