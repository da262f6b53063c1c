"""The notices and their heads, which the same transaction reads and writes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from pymongo import UpdateOne

from services.notifications.collections import FAMILIES, NOTICES
from services.notifications.documents import notice_document
from services.notifications.domain import Notice, Readers
from shared.contracts.event import Envelope
from shared.storage.decision import Happened
from shared.storage.mongo import WHOLE, Document, Mongo, Transaction
from shared.storage.outbox import Outbox


class Head(NamedTuple):
    """A pupil's last number, and who may read."""

    last: int
    readers: Readers


class Repository:
    """Every pupil's notices. `families` holds one head a pupil: who may read, and the last number given."""

    def __init__(self, mongo: Mongo, outbox: Outbox) -> None:
        self._outbox = outbox
        self._families = mongo[FAMILIES]
        self._notices = mongo[NOTICES]

    async def stored(self, envelopes: Sequence[Envelope], tx: Transaction) -> set[str]:
        """Returns the ids of the events that have a notice already."""
        wanted = {"_id": {"$in": [envelope.id for envelope in envelopes]}}
        found = await self._notices.find(wanted, {"_id": 1}, batch_size=WHOLE, session=tx).to_list(None)
        return {document["_id"] for document in found}

    async def heads(self, participants: Iterable[str], tx: Transaction) -> dict[str, Head]:
        """Returns the heads of the pupils who have one."""
        wanted = {"_id": {"$in": list(participants)}}
        found = await self._families.find(wanted, batch_size=WHOLE, session=tx).to_list(None)
        return {document["_id"]: _head(document) for document in found}

    async def erase(self, participant: str, act: str, tx: Transaction) -> dict[str, int]:
        """Destroys a pupil's notices, and who could read them, for an act; how many rows there were, by collection."""
        notices = await self._notices.delete_many({"participant": participant}, session=tx)
        bare = {"act": act, "accounts": [], "closed": []}
        family = await self._families.update_one({"_id": participant}, {"$set": bare}, upsert=True, session=tx)
        return {NOTICES: notices.deleted_count, FAMILIES: family.matched_count}

    async def tell(self, fact: Happened, tx: Transaction) -> None:
        """Puts an event into the outbox that is the only one of its subject."""
        await self._outbox.tell(fact, tx)

    async def save(self, notices: Sequence[Notice], readers: Mapping[str, Readers], tx: Transaction) -> None:
        """Stores new notices, and the accounts that may read each pupil's."""
        if notices:
            await self._notices.insert_many([notice_document(n) for n in notices], ordered=False, session=tx)
        if notices or readers:
            await self._families.bulk_write(_heads(notices, readers), ordered=False, session=tx)


def _head(document: Document) -> Head:
    readers = Readers(document.get("accounts", ()), document.get("closed", ()), document.get("act", ""))
    return Head(document.get("last", 0), readers)


def _heads(notices: Iterable[Notice], readers: Mapping[str, Readers]) -> list[UpdateOne]:
    """Returns one write a pupil: the last number given, and the accounts that may read."""
    fields: dict[str, Document] = defaultdict(dict)
    for notice in notices:
        fields[notice.participant]["last"] = notice.number
    for participant, admitted in readers.items():
        fields[participant]["accounts"] = list(admitted.accounts)
        if admitted.closed:
            fields[participant]["closed"] = list(admitted.closed)
    return [UpdateOne({"_id": participant}, {"$set": changed}, upsert=True) for participant, changed in fields.items()]
