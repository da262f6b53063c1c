"""Use cases: the national operator sets the units of a season, and each level gives its own on, or takes them back."""

from datetime import UTC, datetime

from services.trials.domain.calendar.seasons import Season
from services.trials.domain.money import quotas
from services.trials.domain.money.quotas import Balance, Holder, Parties, QuotaEntry, Total, Transfer
from services.trials.domain.path.caller import known_zone
from services.trials.repository import Repository
from shared.base.errors import BadInput, Forbidden, NotFound, NotKnownYet
from shared.identity.grants import NATION
from shared.identity.principal import Principal
from shared.programme.moments import happened_at
from shared.programme.organisations import Organisation
from shared.storage.decision import Done, NewId
from shared.storage.mongo import Transaction


async def set_total(
    repository: Repository, code: str, total: Total, now: datetime, new_id: NewId
) -> tuple[Balance, Season]:
    """Sets the number of a season's units, in UTC as all that is the nation's; returns what the nation has then."""
    time, id, nation = happened_at(total.occurred_at, now, UTC), new_id(), Holder(NATION)

    async def body(tx: Transaction) -> tuple[Balance, Season]:
        season = await _season(repository, code, tx)
        balance = (await repository.ledger.balances(code, [nation], tx))[nation]
        decision = quotas.issue(season, balance, total, time, id)
        if decision is not None:
            await repository.ledger.enter(decision, tx)
        return (await repository.ledger.balances(code, [nation], tx))[nation], season

    return await repository.transact(body)


async def transfer(
    repository: Repository, code: str, moved: Transfer, who: Principal, now: datetime
) -> Done[QuotaEntry]:
    """Moves units between a holder and who gives to it; not new where the giver's ref did so before.

    Raises Forbidden for whoever does not speak for the giver, NotKnownYet before the holder is known here.
    """
    holder = (await repository.copies.organisations([moved.organisation])).get(moved.organisation)
    if holder is None:
        raise NotKnownYet.about("organisation", "this organisation is not known here yet", "organisation-unknown")
    giver = Holder(quotas.giver_of(holder, moved.venue))
    _must_speak_for(giver.organisation, holder, who)
    clocks = await repository.copies.register.clocks([holder.region])
    time = happened_at(moved.occurred_at, now, known_zone(clocks, holder.region, holder.municipality))
    id, below = quotas.entry_id(code, giver.organisation, moved.ref), Holder(moved.organisation, moved.venue)

    async def body(tx: Transaction) -> Done[QuotaEntry]:
        season = await _season(repository, code, tx)
        known = (await repository.ledger.entries.load([id], tx)).get(id)
        if known is None and moved.amount > 0:
            await _must_be_there(repository, code, moved.venue, holder, tx)
        held = await repository.ledger.balances(code, [giver, below], tx)
        decision = quotas.transfer(season, Parties(held[giver], held[below]), moved, holder.region, time, known)
        if decision.made:
            await repository.ledger.enter(decision, tx)
        return Done(decision.state, new=decision.made)

    return await repository.transact(body)


async def _season(repository: Repository, code: str, tx: Transaction) -> Season:
    season = (await repository.rules([code], tx)).get(code)
    if season is None:
        raise NotFound.about("season", "no such season")
    return season


def _must_speak_for(giver: str, holder: Organisation, who: Principal) -> None:
    if giver == NATION:
        if not who.has("national-operator"):
            raise Forbidden("units of the nation are given by its operator")
    elif giver == holder.region:
        who.scope.must_cover(holder.region)
    else:
        who.scope.must_cover(holder.region, holder.municipality)


async def _must_be_there(
    repository: Repository, season: str, venue: str | None, holder: Organisation, tx: Transaction
) -> None:
    """Raises where a holder is closed, or its venue is not in the season's registry: nobody could use the units."""
    holder.must_be_open("organisation")
    if venue is None:
        return
    known = (await repository.venues.load([venue], tx)).get(venue)
    if known is None or season not in known.seasons:
        raise BadInput.field("venue", "no such venue in the season's registry")
