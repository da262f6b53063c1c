"""Reads of acts of destruction: only within a principal's scope."""

from services.registration.answers.acts import ActView
from services.registration.collections import ACTS
from services.registration.domain.erasure import Act
from shared.base.errors import NotFound
from shared.identity.principal import Principal
from shared.storage.mongo import Mongo


class ActReads:
    """The acts of the pupils whose place a principal's grants cover."""

    def __init__(self, mongo: Mongo, who: Principal) -> None:
        self._rows = mongo[ACTS]
        self._who = who

    async def one(self, number: str) -> ActView:
        """One act; raises NotFound outside the scope."""
        row = await self._rows.find_one({"_id": number, "participant": {"$gt": ""}})
        act = Act.of(row) if row else None
        if act is None or not self._who.scope.covers(act.place.region, act.place.municipality, act.place.school):
            raise NotFound("no such act in your scope")
        return ActView.of(act)
