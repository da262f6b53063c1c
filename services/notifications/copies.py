"""Copies of the catalogue: the names that texts use for seasons, competencies and venues, and when slots start."""

from collections.abc import Iterable, Sequence

from pymongo import ReplaceOne

from services.notifications.collections import CATALOGUE
from services.notifications.domain import Named, Names, entry
from shared.messaging.poll import Received
from shared.storage.mongo import Mongo, Transaction


class Copies:
    """Keeps the newest definition of every object, by the sequence that set it."""

    def __init__(self, mongo: Mongo) -> None:
        self._entries = mongo[CATALOGUE]

    async def apply(self, received: Sequence[Received], tx: Transaction) -> None:
        """Applies one poll of the catalogue topic."""
        newest: dict[str, tuple[str, str]] = {}
        for record in sorted(received, key=lambda r: r.envelope.sequence):
            if (defined := entry(record.event)) is not None:
                named, text = defined
                newest[_id(named)] = text, record.envelope.sequence
        if newest:
            await self._keep(newest, tx)

    async def _keep(self, newest: dict[str, tuple[str, str]], tx: Transaction) -> None:
        """Stores the texts that are newer than what is stored, each with the sequence that set it."""
        found = await self._entries.find({"_id": {"$in": list(newest)}}, {"sequence": 1}, session=tx).to_list(None)
        known = {document["_id"]: document["sequence"] for document in found}
        writes = [
            ReplaceOne({"_id": id}, {"text": text, "sequence": sequence}, upsert=True)
            for id, (text, sequence) in newest.items()
            if sequence > known.get(id, "")
        ]
        if writes:
            await self._entries.bulk_write(writes, ordered=False, session=tx)

    async def names(self, objects: Iterable[Named]) -> Names:
        """Returns the texts of the objects that are known."""
        wanted = {_id(named): named for named in objects}
        found = await self._entries.find({"_id": {"$in": list(wanted)}}, {"text": 1}).to_list(None)
        return {wanted[document["_id"]]: document["text"] for document in found}


def _id(named: Named) -> str:
    return "/".join(named)
