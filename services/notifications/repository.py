"""The notices and their heads, which the same transaction reads and writes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from pymongo import ReplaceOne, UpdateOne

from services.notifications.collections import FAMILIES, NOTICES, PLACES
from services.notifications.documents import head_document, head_of, notice_document
from services.notifications.domain.notices import Head, Notice
from services.notifications.domain.places import Stay
from shared.contracts.event import Envelope
from shared.http.audit import ACTORS
from shared.storage.decision import Happened
from shared.storage.mongo import WHOLE, Document, Mongo, Transaction
from shared.storage.outbox import Outbox


class Repository:
    """Every pupil's notices. `families` holds one head a pupil: who may read, and the last number given."""

    def __init__(self, mongo: Mongo, outbox: Outbox) -> None:
        self._outbox = outbox
        self._families = mongo[FAMILIES]
        self._notices = mongo[NOTICES]
        self._actors = mongo[ACTORS]
        self._places = mongo[PLACES]

    async def stored(self, envelopes: Sequence[Envelope], tx: Transaction) -> set[str]:
        """Returns the ids of the events that have a notice already."""
        wanted = {"_id": {"$in": [envelope.id for envelope in envelopes]}}
        found = await self._notices.find(wanted, {"_id": 1}, batch_size=WHOLE, session=tx).to_list(None)
        return {document["_id"] for document in found}

    async def heads(self, participants: Iterable[str], tx: Transaction) -> dict[str, Head]:
        """Returns the heads of the pupils who have one."""
        wanted = {"_id": {"$in": list(participants)}}
        found = await self._families.find(wanted, batch_size=WHOLE, session=tx).to_list(None)
        return {document["_id"]: head_of(document) for document in found}

    async def erase(self, participant: str, act: str, tx: Transaction) -> dict[str, int]:
        """Destroys a pupil's notices, who could read them, and where the pupil was, for an act.

        Returns how many rows there were, by collection.
        """
        notices = await self._notices.delete_many({"participant": participant}, session=tx)
        bare = {"act": act, "accounts": [], "closed": [], "mergings": [], "erased": {}}
        family = await self._families.update_one({"_id": participant}, {"$set": bare}, upsert=True, session=tx)
        nowhere = {"_id": participant, **asdict(Stay(is_erased=True))}
        place = await self._places.replace_one({"_id": participant}, nowhere, upsert=True, session=tx)
        return {NOTICES: notices.deleted_count, FAMILIES: family.matched_count, PLACES: place.matched_count}

    async def keep_places(self, told: Sequence[Envelope], tx: Transaction) -> None:
        """Stores where the pupils of a poll are after it."""
        known = await self._places.find({"_id": {"$in": [e.event.key for e in told]}}, session=tx).to_list(None)
        before = {row.pop("_id"): Stay(**row) for row in known}
        after = dict(before)
        for envelope in told:
            participant = envelope.event.key
            after[participant] = after.get(participant, Stay()).after(envelope)
        rows = {id: asdict(stay) for id, stay in after.items() if stay != before.get(id, Stay())}
        if rows:
            writes = [ReplaceOne({"_id": id}, row, upsert=True) for id, row in rows.items()]
            await self._places.bulk_write(writes, ordered=False, session=tx)

    async def put(self, participant: str, head: Head, tx: Transaction) -> None:
        """Stores who may read, whoever that was before."""
        told = {"closed": [], **head_document(head)}
        await self._families.update_one({"_id": participant}, {"$set": told}, upsert=True, session=tx)

    async def forget_actor(self, account: str | None, tx: Transaction) -> int:
        """Forgets whose an account is in the log of audit; returns how many rows there were."""
        return (await self._actors.delete_many({"_id": account}, session=tx)).deleted_count if account else 0

    async def tell(self, fact: Happened, tx: Transaction) -> None:
        """Puts an event into the outbox that is the only one of its subject."""
        await self._outbox.tell(fact, tx)

    async def save(self, notices: Sequence[Notice], heads: Mapping[str, Head], tx: Transaction) -> None:
        """Stores new notices, and of each changed head who may read and what it says of other entries."""
        if notices:
            await self._notices.insert_many([notice_document(n) for n in notices], ordered=False, session=tx)
        if notices or heads:
            await self._families.bulk_write(_writes(notices, heads), ordered=False, session=tx)


def _writes(notices: Iterable[Notice], heads: Mapping[str, Head]) -> list[UpdateOne]:
    """Returns one write a pupil: the last number given, and what else has changed."""
    fields: dict[str, Document] = defaultdict(dict)
    for notice in notices:
        fields[notice.participant]["last"] = notice.number
    for participant, head in heads.items():
        fields[participant] |= head_document(head)
    return [UpdateOne({"_id": participant}, {"$set": changed}, upsert=True) for participant, changed in fields.items()]
