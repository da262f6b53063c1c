"""Reads of those who are to be erased: within a principal's scope, as they are now and not as the job found them."""

from datetime import timedelta

from services.registration.answers.retention import DuePage, DueView
from services.registration.domain.participants import Participant
from services.registration.domain.retention import due, latest
from services.registration.reads.names import NameReads
from services.registration.reads.organisations import OrganisationReads
from services.registration.reads.reach import in_reach
from services.registration.retention import Retention, may_be_due
from shared.http.paging import Listing, Paging
from shared.identity.acting import about
from shared.identity.principal import Principal
from shared.programme.moments import zone
from shared.storage.mongo import Document, Mongo
from shared.storage.outbox import Clock

OF_A_PLACE = Listing("retention", {"_id": str})


class RetentionReads:
    """The pupils of places that a principal's grants cover."""

    def __init__(self, mongo: Mongo, names: NameReads, clock: Clock, who: Principal) -> None:
        self._mongo = mongo
        self._names = names
        self._clock = clock
        self._who = who
        self._organisations = OrganisationReads(mongo)
        self._retention = Retention(mongo)

    async def page(self, code: str, days: int, paging: Paging) -> DuePage:
        """The pupils of a place who are due within some days, or since before.

        Raises NotFound where the place is not there, Forbidden out of scope.
        """
        place = await self._organisations.place(code)
        self._who.scope.must_cover(*place.place)
        terms = await self._retention.terms(place.region)
        today = self._clock().astimezone(zone(place.utc_offset)).date()
        until = today + timedelta(days=days)
        query: Document = {"$and": [may_be_due(place.region, latest(terms, until)), in_reach(self._who.scope, place)]}
        asked = {"organisation": code, "days": str(days)}
        rows, onward = await OF_A_PLACE.page(self._mongo["participants"], query, paging, asked)
        found = [(pupil, due(pupil, terms)) for pupil in map(Participant.of, rows)]
        dues = {pupil.id: one for pupil, one in found if one is not None and one.day <= until}
        about(dues)
        names = await self._names.of(dues)
        listed = await self._retention.listed(dues)
        items = [
            DueView.of(pupil, dues[pupil.id], listed.get(pupil.id), today, names.get(pupil.id, {}).get("name"))
            for pupil, _ in found
            if pupil.id in dues
        ]
        return DuePage(items=items, next=onward)
