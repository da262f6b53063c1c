"""The notices and their heads, which the same transaction reads and writes."""

from collections.abc import Iterable, Sequence

from pymongo import UpdateOne

from services.notifications.collections import FAMILIES, NOTICES
from services.notifications.documents import notice_document
from services.notifications.domain import Notice, Reader
from shared.contracts.event import Envelope
from shared.storage.mongo import WHOLE, Document, Mongo, Transaction


class Repository:
    """Every pupil's notices. `families` holds one head a pupil: who may read, and the last number given."""

    def __init__(self, mongo: Mongo) -> None:
        self._families = mongo[FAMILIES]
        self._notices = mongo[NOTICES]

    async def stored(self, envelopes: Sequence[Envelope], tx: Transaction) -> set[str]:
        """Returns the ids of the events that have a notice already."""
        wanted = {"_id": {"$in": [envelope.id for envelope in envelopes]}}
        found = await self._notices.find(wanted, {"_id": 1}, batch_size=WHOLE, session=tx).to_list(None)
        return {document["_id"] for document in found}

    async def last(self, participants: Iterable[str], tx: Transaction) -> dict[str, int]:
        """Returns the last number given to each of the pupils; none for one without a head."""
        wanted = {"_id": {"$in": list(participants)}}
        found = await self._families.find(wanted, {"last": 1}, batch_size=WHOLE, session=tx).to_list(None)
        return {document["_id"]: document.get("last", 0) for document in found}

    async def save(self, notices: Sequence[Notice], readers: Sequence[Reader], tx: Transaction) -> None:
        """Stores new notices, and the accounts that may read."""
        if notices:
            await self._notices.insert_many([notice_document(n) for n in notices], ordered=False, session=tx)
        if notices or readers:
            await self._families.bulk_write(_heads(notices, readers), ordered=False, session=tx)


def _heads(notices: Iterable[Notice], readers: Iterable[Reader]) -> list[UpdateOne]:
    """Returns one write a pupil: the last number given, and the accounts that may read."""
    last = {notice.participant: notice.number for notice in notices}
    accounts: dict[str, list[Document]] = {}
    for reader in readers:
        accounts.setdefault(reader.participant, []).append({**reader.link.model_dump(), "guardian": reader.guardian})
    writes = []
    for participant in last.keys() | accounts.keys():
        change: Document = {"$set": {"last": last[participant]}} if participant in last else {}
        if participant in accounts:
            change["$addToSet"] = {"accounts": {"$each": accounts[participant]}}
        writes.append(UpdateOne({"_id": participant}, change, upsert=True))
    return writes
