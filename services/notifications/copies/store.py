"""The copies in the database: names for texts, when slots start, where organisations lie, and who was put out."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from services.notifications.collections import CATALOGUE
from services.notifications.copies.objects import Named, Names, entry
from shared.messaging.poll import Received
from shared.programme.moments import zone
from shared.storage.copies import newest
from shared.storage.exclusions import Exclusions
from shared.storage.mongo import Document, Mongo, Transaction, by_ids
from shared.storage.organisations import OrganisationCopies


class Copies:
    """Keeps the text of the newest definition of every object, by the sequence that set it, and who was put out."""

    def __init__(self, mongo: Mongo, register: OrganisationCopies) -> None:
        self._entries = mongo[CATALOGUE]
        self._register = register
        self._exclusions = Exclusions(mongo)

    async def apply(self, received: Sequence[Received], tx: Transaction) -> None:
        """Applies one poll of the catalogue topics."""
        envelopes = [r.envelope for r in received]
        await self._exclusions.learn(envelopes, tx)
        await self._register.apply(envelopes, tx)
        defined = [(found, r.envelope.sequence) for r in received if (found := entry(r.event)) is not None]
        writes = [newest(_id(named), dict(kept), sequence) for (named, kept), sequence in defined]
        if writes:
            await self._entries.bulk_write(writes, ordered=True, session=tx)

    async def names(self, objects: Iterable[Named]) -> Names:
        """Returns the texts of the objects that are known; a slot starts on the clock of where it is held."""
        wanted = {_id(named): named for named in objects}
        found = {row["_id"]: row for row in await by_ids(self._entries, wanted)}
        texts = {wanted[id]: row["text"] for id, row in found.items()}
        slots = {wanted[id]: row for id, row in found.items() if wanted[id][0] == "slot" and "venue" in row}
        return texts | await self._starts(slots) if slots else texts

    async def _starts(self, slots: Mapping[Named, Document]) -> dict[Named, str]:
        """Returns when slots start; where a venue or its owner is not known, as it was told first."""
        venues = await by_ids(self._entries, {_id(("venue", slot["venue"])) for slot in slots.values()})
        owners = {row["_id"]: row["organisation"] for row in venues if "organisation" in row}
        lies = await self._register.known(owners.values())
        clocks = await self._register.clocks({owner.region for owner in lies.values()})
        starts = {}
        for named, slot in slots.items():
            owner = lies.get(owners.get(_id(("venue", slot["venue"])), ""))
            clock = None if owner is None else clocks.of(owner.region, owner.municipality)
            told = datetime.fromisoformat(slot["text"])
            starts[named] = slot["text"] if clock is None else told.astimezone(zone(clock)).isoformat()
        return starts


def _id(named: Named) -> str:
    return "/".join(named)
