"""Reads of acts of destruction: only within a principal's scope."""

from services.registration.answers.acts import ActPage, ActView
from services.registration.collections import ACTS
from services.registration.domain.erasure import Act, State
from shared.base.errors import NotFound
from shared.http.paging import Listing, Paging
from shared.identity.grants import FITS, NATION
from shared.identity.principal import Principal
from shared.storage.mongo import Document, Mongo
from shared.storage.outbox import Clock

OF_SCOPE = Listing("acts", {"_id": str})
WRITTEN: Document = {"erased_at": {"$exists": True}}
"""Matches acts, and no answer that is kept without one."""
KINDS = {"region", "municipality", "school"}
"""The kinds of organisations that an act names."""


class ActReads:
    """The acts of the persons whose place a principal's grants cover."""

    def __init__(self, mongo: Mongo, clock: Clock, who: Principal) -> None:
        self._rows = mongo[ACTS]
        self._clock = clock
        self._who = who

    async def page(self, state: State | None, paging: Paging) -> ActPage:
        """The acts of the whole scope, those in one state or all."""
        query: Document = {**WRITTEN, **self._within()}
        if state is not None:
            query["closed_at"] = None if state == "open" else {"$ne": None}
        rows, onward = await OF_SCOPE.page(self._rows, query, paging, {"state": state})
        now = self._clock()
        return ActPage(items=[ActView.of(Act.of(row), now) for row in rows], next=onward)

    async def one(self, number: str) -> ActView:
        """One act; raises NotFound outside the scope."""
        row = await self._rows.find_one({"_id": number, **WRITTEN})
        act = Act.of(row) if row else None
        if act is None or not self._who.scope.covers(act.place.region, act.place.municipality, act.place.school):
            raise NotFound("no such act in your scope")
        return ActView.of(act, self._clock())

    def _within(self) -> Document:
        """Matches the acts that `covers` admits one by one."""
        reached = [(kind, grant.org) for grant in self._who.grants for kind in FITS[grant.role]]
        if ("nation", NATION) in reached:
            return {}
        return {"$or": [{f"place.{kind}": org} for kind, org in reached if kind in KINDS] or [{"_id": {"$in": []}}]}
