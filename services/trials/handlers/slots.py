"""Use case: a venue opens slots of a season, alone or a timetable at once."""

from dataclasses import dataclass
from datetime import datetime

from services.trials.domain.path.caller import known_zone
from services.trials.domain.places.venues import Venue
from services.trials.domain.timetable.slots import Schedule, Slot, SlotOffer
from services.trials.domain.timetable.timetables import SlotBatch
from services.trials.repository import Repository
from shared.base.errors import BadInput, Conflict
from shared.base.side_thread import aside
from shared.http.batch import Outcome, Request, each
from shared.programme.moments import happened_at
from shared.storage.decision import NewId
from shared.storage.mongo import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotRequest(Request[SlotOffer]):
    """Slots that a venue offers for a season."""

    venue: str
    season: str
    occurred_at: datetime | None = None
    dry_run: bool = False
    """True where the outcomes are only foreseen."""


async def open_slots(repository: Repository, request: SlotRequest, new_id: NewId) -> list[Outcome[Slot]]:
    """Returns the outcomes in the order offered.

    Raises BadInput for an unknown venue, Forbidden for another's, Conflict for one that the season's registry lacks,
    or whose organisation is closed.
    """

    async def body(tx: Transaction) -> list[Outcome[Slot]]:
        batch = await load(repository, request, new_id, tx)
        outcomes = await aside(lambda: each(request.items, batch.open), len(request.items))
        await repository.slots.save(() if request.dry_run else batch.decided, tx)
        return outcomes

    return await repository.transact(body)


async def load(repository: Repository, request: SlotRequest, new_id: NewId, tx: Transaction) -> SlotBatch:
    """Returns the states on which offers are decided; raises as `open_slots` does."""
    venue = _of_season((await repository.venues.load([request.venue], tx)).get(request.venue), request)
    local = known_zone(await repository.copies.register.clocks([venue.region]), venue.region, venue.municipality)
    owner = (await repository.copies.organisations([venue.organisation], tx)).get(venue.organisation)
    if owner is not None:
        owner.must_be_open("venue")
    offers = request.values
    refs = [offer.ref for offer in offers if offer.ref is not None]
    schedule = Schedule(
        venue=venue,
        season=(await repository.rules([request.season], tx))[request.season],
        approved=frozenset(await repository.competencies.load((offer.competency for offer in offers), tx)),
        local=local,
        programmes=await repository.programmes.load({offer.programme for offer in offers if offer.programme}, tx),
    )
    known = await repository.timetable.by_ref(venue.id, refs, tx)
    return SlotBatch(schedule, known, happened_at(request.occurred_at, request.now, local), new_id)


def _of_season(venue: Venue | None, request: SlotRequest) -> Venue:
    """Returns the venue, for which the caller may speak and which the season's registry has."""
    if venue is None:
        raise BadInput.field("venue", "no such venue")
    request.who.scope.must_cover(venue.region, hosts=venue.hosts)
    if request.season not in venue.seasons:
        detail = f"venue {venue.id} is not in the registry of season {request.season}"
        raise Conflict.about("venue", detail, "venue-not-in-season")
    return venue
