"""Reads of where online trials are held: for the booked and their guardians, and for the venue, and for nobody else."""

from services.trials.answers.links import LinkView
from services.trials.repository import Repository
from shared.base.errors import NotFound
from shared.identity.acting import about
from shared.identity.family import is_family
from shared.identity.principal import Principal
from shared.storage.mongo import Transaction

NO_LINK = "no such seat or slot of yours in an online trial"


class LinkReads:
    """Reads of links; one answer says that there is none, or none for the caller."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    async def of_slot(self, who: Principal, slot: str) -> LinkView:
        """Returns the link of a slot; raises NotFound for whoever does not speak for its venue."""
        known = (await self._repository.slots.load([slot])).get(slot)
        if known is None or not who.scope.covers(known.region, hosts=known.hosts):
            raise NotFound(NO_LINK)
        return await self._of(known.id, known.programme)

    async def of_booking(self, who: Principal, booking: str) -> LinkView:
        """Returns the link of what a pupil has a seat in; raises NotFound for whoever is not of the family."""
        found = await self._repository.walk_with("bookings", booking)
        if found is None:
            raise NotFound(NO_LINK)
        participant, season = found

        async def body(tx: Transaction) -> str:
            states = await self._repository.states([found], tx)
            pupil = states.pupils.get(participant)
            if pupil is None or not is_family(who, pupil.accounts):
                raise NotFound(NO_LINK)
            about([pupil.id])
            seat = states.paths.of(pupil.id, season).booking(booking)
            if not seat.is_live:
                raise NotFound(NO_LINK)
            return seat.slot

        slot = await self._repository.transact(body)
        known = (await self._repository.slots.load([slot])).get(slot)
        return await self._of(slot, known.programme if known else None)

    async def _of(self, slot: str, code: str | None) -> LinkView:
        programme = None if code is None else (await self._repository.programmes.load([code])).get(code)
        if programme is None or programme.link is None:
            raise NotFound(NO_LINK)
        return LinkView(slot=slot, programme=programme.id, link=programme.link)
