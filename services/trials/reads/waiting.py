"""Reads of a pupil's places in lines, for family and school."""

from datetime import datetime

from services.trials.answers.waiting import PlacePage, PlaceView
from services.trials.domain.path.caller import reaches
from services.trials.domain.seats.waiting import Waiter, places_of
from services.trials.repository import Repository
from shared.base.errors import NotFound
from shared.http.paging import Listing, Paging
from shared.identity.acting import about
from shared.identity.principal import Principal
from shared.storage.mongo import Mongo, Transaction

PLACES = Listing("waiting", {"joined_at": datetime, "slot": str})


class WaitingReads:
    """Reads of places, each on behalf of a principal."""

    def __init__(self, mongo: Mongo, repository: Repository) -> None:
        self._mongo = mongo
        self._repository = repository

    async def places(self, participant: str, season: str, who: Principal, paging: Paging) -> PlacePage:
        """Returns a page of a pupil's places; raises NotFound outside the scope, and where not registered."""
        async with self._mongo.snapshot() as session:
            found = (await self._repository.copies.joined([participant], session)).get(participant)
            if found is None or season not in found.pupil.seasons or not reaches(who, found.pupil):
                raise NotFound("no such participant in this season")
            about([found.pupil.id])
            known = await self._repository.lines.on(places_of(found.ids, season), session)
            by_slot: dict[str, Waiter] = {}
            for one in sorted(known, key=lambda one: (not one.waits, one.number)):
                by_slot.setdefault(one.slot, one)  # two entries that were merged wait as one
            asked = {"participant": participant, "season": season}
            page, onward = PLACES.cut(by_slot.values(), lambda one: [one.joined, one.slot], paging, asked)
            return PlacePage(items=[await self._shown(one, session) for one in page], next=onward)

    async def _shown(self, one: Waiter, session: Transaction) -> PlaceView:
        place = 1 + await self._repository.lines.ahead(one, session) if one.waits else None
        return PlaceView(slot=one.slot, joined_at=one.joined, place=place, ended=one.ended, booking=one.booking)
