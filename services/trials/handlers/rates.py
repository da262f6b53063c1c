"""Use case: operators set what an attendance is worth."""

from datetime import UTC, datetime

from services.trials.domain.money.rates import Rate, RateEntry
from services.trials.repository import Repository
from shared.base.errors import BadInput, Forbidden
from shared.identity.principal import Principal
from shared.programme.moments import happened_at
from shared.storage.mongo import Transaction


async def put(repository: Repository, entry: RateEntry, who: Principal, now: datetime) -> Rate:
    """Sets a rate; acts that were signed keep their sums.

    Raises Forbidden for a rate of every region but by the national operator, and outside the scope; BadInput for
    whatever is named and is not there.
    """
    if entry.region is not None:
        who.scope.must_cover(entry.region)
    elif not who.has("national-operator"):
        raise Forbidden("a rate of every region is the national operator's")
    time = happened_at(entry.occurred_at, now, UTC)

    async def body(tx: Transaction) -> Rate:
        await _must_be_known(repository, entry, tx)
        rate = Rate.of(entry)
        await repository.payments.set_rate(rate, time, tx)
        return rate

    return await repository.transact(body)


async def _must_be_known(repository: Repository, entry: RateEntry, tx: Transaction) -> None:
    if not await repository.seasons.load([entry.season], tx):
        raise BadInput.field("season", "no such season")
    if entry.region is not None:
        region = (await repository.copies.organisations([entry.region], tx)).get(entry.region)
        if region is None or region.kind != "region":
            raise BadInput.field("region", "no such region")
    if entry.venue is not None:
        venue = (await repository.venues.load([entry.venue], tx)).get(entry.venue)
        if venue is None or venue.region != entry.region:
            raise BadInput.field("venue", "no such venue in the region")
    if entry.competency is not None and not await repository.competencies.load([entry.competency], tx):
        raise BadInput.field("competency", "not an approved competency")
    if entry.programme is not None and not await repository.programmes.load([entry.programme], tx):
        raise BadInput.field("programme", "no such programme")
