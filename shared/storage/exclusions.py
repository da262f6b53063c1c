"""Accounts that were put out of organisations: each service's copy, which all of its processes follow."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from pymongo import IndexModel

from shared.contracts.event import Envelope
from shared.contracts.staff import StaffChange, StaffExcluded
from shared.storage.collections import Collections, Kept
from shared.storage.copies import newest
from shared.storage.mongo import WHOLE, Document, Mongo, Transaction

COLLECTION = "exclusions"
IN_FORCE: Document = {"in_force": True}
COLLECTIONS: Collections = {
    COLLECTION: Kept([IndexModel("in_force", partialFilterExpression=IN_FORCE)], persons=["_id", "account"])
}
HEAD = "head"
"""The row with the number of changes so far; whoever sees it changed reads the others again."""


class Told(NamedTuple):
    """The word of one event about an account in an organisation."""

    id: str
    """The subject of the events about both: the latest sequence among them holds."""
    account: str
    organisation: str
    in_force: bool
    sequence: str

    @classmethod
    def of(cls, envelope: Envelope) -> "Told | None":
        """The word of an event; None for one about something else."""
        event = envelope.event
        if not isinstance(event, StaffChange):
            return None
        is_out = isinstance(event, StaffExcluded)
        return cls(envelope.subject, event.account, event.organisation, is_out, envelope.sequence)


class Exclusions:
    """The copy of one database.

    What lies above an organisation is read where services keep organisations and venues, in collections of these names.
    """

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo[COLLECTION]
        self._organisations = mongo["organisations"]
        self._venues = mongo["venues"]

    async def learn(self, envelopes: Iterable[Envelope], tx: Transaction) -> None:
        """Keeps what events say of exclusions; others change nothing."""
        await self.keep([told for envelope in envelopes if (told := Told.of(envelope)) is not None], tx)

    async def keep(self, told: Iterable[Told], tx: Transaction) -> None:
        """Keeps the newest word of each; transactions that do so conflict, so that the head counts them all."""
        writes = [newest(one.id, _row(one), one.sequence) for one in told]
        if writes:
            await self._rows.bulk_write(writes, ordered=True, session=tx)
            await self._rows.update_one({"_id": HEAD}, {"$inc": {"changes": 1}}, upsert=True, session=tx)

    async def changes(self) -> int:
        """The number of changes so far."""
        head = await self._rows.find_one({"_id": HEAD})
        return 0 if head is None else int(head["changes"])

    async def in_force(self) -> Mapping[str, frozenset[str]]:
        """The organisations of which each account was put out, by account; none for all others."""
        found: dict[str, set[str]] = defaultdict(set)
        async for row in self._rows.find(IN_FORCE, {"account": 1, "organisation": 1}, batch_size=WHOLE):
            found[row["account"]].add(row["organisation"])
        return {account: frozenset(organisations) for account, organisations in found.items()}

    async def above(self, code: str) -> frozenset[str]:
        """The organisations in which an organisation or a venue lies; none where it is not known."""
        places = {"region": 1, "municipality": 1}
        row = await self._organisations.find_one({"_id": code}, places)
        venue = None if row else await self._venues.find_one({"_id": code}, {"organisation": 1})
        owner = venue and venue["organisation"]
        if owner:
            row = await self._organisations.find_one({"_id": owner}, places)
        return frozenset(filter(None, (owner, *((row or {}).get(place) for place in places))))


def _row(told: Told) -> Document:
    return {"account": told.account, "organisation": told.organisation, "in_force": told.in_force}
