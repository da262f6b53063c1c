"""The copies in the database: names for texts, when slots start, where organisations lie, and who was put out."""

from collections.abc import Iterable, Sequence

from services.notifications.collections import CATALOGUE, ORGANISATIONS
from services.notifications.copies.objects import Named, Names, entry
from shared.contracts.event import Event
from shared.contracts.registration import OrganisationDefined
from shared.messaging.poll import Received
from shared.storage.copies import newest
from shared.storage.exclusions import Exclusions
from shared.storage.mongo import Document, Mongo, Transaction


class Copies:
    """Keeps the text of the newest definition of every object, by the sequence that set it, and who was put out."""

    def __init__(self, mongo: Mongo) -> None:
        self._entries = mongo[CATALOGUE]
        self._organisations = mongo[ORGANISATIONS]
        self._exclusions = Exclusions(mongo)

    async def apply(self, received: Sequence[Received], tx: Transaction) -> None:
        """Applies one poll of the catalogue topics."""
        await self._exclusions.learn((r.envelope for r in received), tx)
        lie = [r.envelope for r in received if isinstance(r.event, OrganisationDefined)]
        places = [newest(e.event.key, _place(e.event), e.sequence) for e in lie]
        if places:
            await self._organisations.bulk_write(places, ordered=True, session=tx)
        defined = [(found, r.envelope.sequence) for r in received if (found := entry(r.event)) is not None]
        writes = [newest(_id(named), {"text": text}, sequence) for (named, text), sequence in defined]
        if writes:
            await self._entries.bulk_write(writes, ordered=True, session=tx)

    async def names(self, objects: Iterable[Named]) -> Names:
        """Returns the texts of the objects that are known."""
        wanted = {_id(named): named for named in objects}
        found = await self._entries.find({"_id": {"$in": list(wanted)}}, {"text": 1}).to_list(None)
        return {wanted[document["_id"]]: document["text"] for document in found}


def _place(event: Event) -> Document:
    return event.model_dump(include={"region", "municipality"})


def _id(named: Named) -> str:
    return "/".join(named)
