"""Use cases: a venue asks for its place in a season's registry, and the operator decides."""

from datetime import datetime

from services.trials.domain.places import applications
from services.trials.domain.places.applications import Application, HistoryStep, RegistryDecision, application_id
from services.trials.domain.places.venues import Venue, VenueEntry
from services.trials.handlers.venues import enter, must_decide, no_application, owner_of, site, time_at
from services.trials.repository import Repository
from shared.base.errors import Conflict, ServiceError
from shared.identity.acting import acting
from shared.identity.principal import Principal
from shared.programme.organisations import Organisation
from shared.storage.decision import Done
from shared.storage.mongo import Transaction

MOST_WAITING = 50
"""Applications of an organisation that may wait at once, where any of them is for a new venue."""


async def ask(repository: Repository, code: str, entry: VenueEntry, who: Principal, now: datetime) -> Done[Application]:
    """Asks for a venue's entry in a season's registry, or for a change of it; not new where it changes nothing.

    Raises Forbidden for whoever speaks neither for the owner nor for its region, NotKnownYet before the owner is known
    here, Conflict where that or the season is closed, or where the code is another organisation's.
    """
    owner = await owner_of(repository, entry)
    known = (await repository.venues.load([code])).get(code)
    who.scope.must_cover(owner.region, hosts=_hosts(owner, known))
    place = await site(repository, code, entry, owner, await time_at(repository, owner, entry.occurred_at, now))

    async def body(tx: Transaction) -> Done[Application]:
        await repository.alone("venues", code)(tx)
        venue = (await repository.venues.load([code], tx)).get(code)
        if venue is None:
            place.must_be_free(who)
        elif venue.organisation != place.owner.id:
            raise Conflict.about("organisation", f"venue {code} belongs to {venue.organisation}", "venue-taken")
        before = await repository.applications.one(application_id(code, entry.season), tx)
        if before is not None and venue is not None and before.organisation != venue.organisation:
            before = None  # of one that wanted the code before the venue had it
        if before is None and venue is not None and entry.season in venue.seasons:
            before = applications.of_venue(venue, entry.season)
        step = HistoryStep.new("asked", entry.registry, place.time, acting())
        after = applications.ask(before, applications.asked_for(before, code, entry, place.owner), step)
        if after == before:
            return Done(after, new=False)
        (season,) = (await repository.seasons.load([entry.season], tx)).values()
        season.must_be_open("season")
        if venue is None and await repository.applications.waiting_of(place.owner.id, tx) >= MOST_WAITING:
            detail = f"{MOST_WAITING} applications of the organisation for new venues wait already"
            raise Conflict(detail, slug="too-many-applications")
        await repository.applications.save(after, tx)
        return Done(after, new=True)

    return await repository.transact(body)


async def decide(
    repository: Repository, id: str, decision: RegistryDecision, who: Principal, now: datetime
) -> Application:
    """Approves or refuses what a venue asks for; the same again changes nothing.

    Raises NotFound where nothing was ever asked for, and for another region's operator, Forbidden where the nation
    decides, Conflict where nothing is asked for now, and as `register` does where what was asked for cannot be entered.
    """
    applications.must_be_reasoned(decision)

    async def body(tx: Transaction) -> Application:
        known = await repository.applications.one(id, tx)
        if known is None:
            raise no_application()
        must_decide(known, who)
        if applications.is_decided(known, decision):
            return known
        time = await time_at(repository, known, decision.occurred_at, now)
        if not decision.approved:
            refused = known.gone_on(HistoryStep.new("refused", known.registry, time, acting(), decision.reason))
            await repository.applications.save(refused, tx)
            return refused
        await _approve(repository, known, who, time, tx)
        return await repository.applications.one(id, tx) or known

    return await repository.transact(body)


async def _approve(repository: Repository, asked: Application, who: Principal, time: datetime, tx: Transaction) -> None:
    """Enters what was asked for; raises about the decision what has stood in its way since."""
    try:
        owner = await owner_of(repository, asked.entry)
        await enter(repository, await site(repository, asked.venue, asked.entry, owner, time), asked.entry, who, tx)
    except ServiceError as refused:
        raise refused.moved(lambda _: "approved") from refused


def _hosts(owner: Organisation, known: Venue | None) -> tuple[str, ...]:
    """The codes in which a grant may ask: of a new venue its owner's alone, since nobody has its own yet."""
    return known.hosts if known is not None and known.organisation == owner.id else (owner.id,)
