"""The copies in the database: the names that texts use for seasons, competencies and venues, and when slots start."""

from collections.abc import Iterable, Sequence

from services.notifications.collections import CATALOGUE
from services.notifications.copies.objects import Named, Names, entry
from shared.messaging.poll import Received
from shared.storage.copies import newest
from shared.storage.mongo import Mongo, Transaction


class Copies:
    """Keeps the text of the newest definition of every object, by the sequence that set it."""

    def __init__(self, mongo: Mongo) -> None:
        self._entries = mongo[CATALOGUE]

    async def apply(self, received: Sequence[Received], tx: Transaction) -> None:
        """Applies one poll of the catalogue topic."""
        defined = [(found, r.envelope.sequence) for r in received if (found := entry(r.event)) is not None]
        writes = [newest(_id(named), {"text": text}, sequence) for (named, text), sequence in defined]
        if writes:
            await self._entries.bulk_write(writes, ordered=True, session=tx)

    async def names(self, objects: Iterable[Named]) -> Names:
        """Returns the texts of the objects that are known."""
        wanted = {_id(named): named for named in objects}
        found = await self._entries.find({"_id": {"$in": list(wanted)}}, {"text": 1}).to_list(None)
        return {wanted[document["_id"]]: document["text"] for document in found}


def _id(named: Named) -> str:
    return "/".join(named)
