"""Use case: a regional operator enters venues into the registry of a season."""

from datetime import datetime

from services.trials.domain import venues
from services.trials.domain.caller import known_zone
from services.trials.domain.venues import Venue, VenueEntry
from services.trials.repository import Repository
from shared.base.errors import BadInput, NotKnownYet
from shared.identity.principal import Principal
from shared.programme.moments import happened_at
from shared.storage.decision import Decision
from shared.storage.namesakes import must_be_own


async def register(repository: Repository, code: str, entry: VenueEntry, who: Principal, now: datetime) -> Venue:
    """Enters a venue into a season's registry.

    Raises NotKnownYet before its organisation is known here, Conflict where that is closed.

    A new venue has no code in another region's name, and none that an organisation has which does not own it.
    """
    owner = (await repository.copies.organisations([entry.organisation])).get(entry.organisation)
    if owner is None:
        detail = "this organisation is not known here yet"
        raise NotKnownYet.about("organisation", detail, "organisation-unknown")
    who.scope.must_cover(owner.region)
    owner.must_be_open("organisation")
    if not await repository.seasons.load([entry.season]):
        raise BadInput.field("season", "no such season")
    local = known_zone(await repository.copies.register.clocks([owner.region]), owner.region, owner.municipality)
    time = happened_at(entry.occurred_at, now, local)
    namesakes = await repository.copies.namesakes(code)

    def decide(known: Venue | None) -> Decision[Venue]:
        if known is None:
            venues.must_be_free(code, owner, namesakes)
            if not who.has("national-operator"):
                must_be_own(code, owner.region, [other.id for other in namesakes if other.kind == "region"])
        return venues.register(known, code, entry, owner, time)

    return await repository.venues.update(code, decide, repository.alone("venues", code))
