"""Use cases: the national operator sets the rules of a season, and closes it."""

from datetime import UTC, date, datetime

from services.trials.domain.calendar import seasons
from services.trials.domain.calendar.season_revisions import RevisionEntry
from services.trials.domain.calendar.season_terms import TermsEntry
from services.trials.domain.calendar.seasons import Closing, Season, SeasonRules
from services.trials.repository import Repository
from shared.base.errors import NotFound
from shared.programme.moments import happened_at


async def define(repository: Repository, code: str, rules: SeasonRules, now: datetime) -> Season:
    """Sets the rules of a season. A season is the nation's, and so told in UTC."""
    time = happened_at(rules.occurred_at, now, UTC)
    alone = repository.alone("seasons", code, "season")
    return await repository.seasons.update(code, lambda known: seasons.define(known, code, rules, time), alone)


async def named(repository: Repository, code: str) -> Season:
    """Returns a season; raises NotFound for none."""
    found = (await repository.seasons.load([code])).get(code)
    if found is None:
        raise NotFound(f"no season {code}")
    return found


async def revise(repository: Repository, code: str, since: date, entry: TermsEntry, now: datetime) -> Season:
    """Sets the terms of a season from a day on; raises NotFound for none, BadInput for a day that is over."""
    time = happened_at(entry.occurred_at, now, UTC)
    return await repository.seasons.update(code, lambda known: seasons.revise(known, code, since, entry, time, now))


async def close(repository: Repository, code: str, closing: Closing, now: datetime) -> Season:
    """Closes a season; raises NotFound for none, Conflict before its last day is over.

    A step that is being recorded meanwhile comes before the closing, or is refused.
    """
    time = happened_at(closing.occurred_at, now, UTC)
    return await repository.seasons.update(code, lambda known: seasons.close(known, code, time))


async def correct(repository: Repository, code: str, number: int, entry: RevisionEntry, now: datetime) -> Season:
    """Publishes a revision of a closed season; raises NotFound for none, Conflict before the closing."""
    time = happened_at(entry.occurred_at, now, UTC)
    return await repository.seasons.update(code, lambda known: seasons.correct(known, code, number, entry, time))
