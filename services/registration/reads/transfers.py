"""Reads of transfers: those that a place asks for or is asked for, with names for staff of the pupil alone."""

from services.registration.answers.transfers import TransferPage, TransferView
from services.registration.collections import TRANSFERS
from services.registration.domain.caller import Caller
from services.registration.domain.participants import Participant
from services.registration.domain.transfers import State, Transfer
from services.registration.reads.names import NameReads
from services.registration.reads.organisations import OrganisationReads
from services.registration.reads.reach import in_reach
from shared.http.paging import Listing, Paging
from shared.identity.acting import about
from shared.identity.principal import Principal
from shared.storage.mongo import Document, Mongo, by_ids
from shared.storage.outbox import Clock

OF_A_PLACE = Listing("transfers", {"_id": str})


class TransferReads:
    """The transfers of places that a principal's grants cover."""

    def __init__(self, mongo: Mongo, names: NameReads, clock: Clock, who: Principal) -> None:
        self._mongo = mongo
        self._names = names
        self._clock = clock
        self._who = who
        self._organisations = OrganisationReads(mongo)

    async def page(self, code: str, state: State | None, paging: Paging) -> TransferPage:
        """The transfers into and out of a place; raises NotFound where it is not there, Forbidden out of scope."""
        place = await self._organisations.place(code)
        self._who.scope.must_cover(*place.place)
        sides = [in_reach(self._who.scope, place, side) for side in ("left", "joined")]
        query: Document = {"$or": sides} | ({"state": state} if state else {})
        asked = {"organisation": code, "state": state}
        rows, onward = await OF_A_PLACE.page(self._mongo[TRANSFERS], query, paging, asked)
        return TransferPage(items=await self._views([Transfer.of(row) for row in rows]), next=onward)

    async def one(self, transfer: Transfer) -> TransferView:
        """One transfer that the principal has asked for or answered."""
        (view,) = await self._views([transfer])
        return view

    async def _views(self, transfers: list[Transfer]) -> list[TransferView]:
        rows = await by_ids(self._mongo["participants"], {transfer.participant for transfer in transfers})
        caller = Caller(self._who)
        mine = {pupil.id for pupil in map(Participant.of, rows) if caller.is_staff_of(pupil)}
        about(mine)
        names = await self._names.of(mine)
        now = self._clock()
        return [
            TransferView.of(t, now, t.participant in mine, names.get(t.participant, {}).get("name")) for t in transfers
        ]
