"""Transfers in the database."""

from collections.abc import Sequence
from datetime import datetime

from services.registration.collections import TRANSFERS
from services.registration.domain.organisations import Organisation
from services.registration.domain.transfers import Transfer
from shared.base.errors import NotFound
from shared.identity.acting import acting, changed
from shared.storage.mongo import Document, Mongo, Transaction


class Transfers:
    """All that were asked for."""

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo[TRANSFERS]

    async def asked(self, transfer: Transfer, tx: Transaction) -> Transfer:
        """Stores a new transfer; the same pupil asked for again by the same school is the same one, as said now."""
        query = {"participant": transfer.participant, "joined.school": transfer.joined.school, "state": "asked"}
        known = await self._rows.find_one(query, session=tx)
        if known is None:
            await self._rows.insert_one(_document(transfer), session=tx)
            return transfer
        before = Transfer.of(known)
        said = {"joined": transfer.joined, "external_ref": transfer.external_ref, "since": transfer.since}
        again = before.model_copy(update=said)
        if again != before:
            await self.keep(again, tx)
        return again

    async def overtake(self, participants: Sequence[str], now: datetime, tx: Transaction) -> None:
        """Ends what others have asked for, of pupils who go to another school."""
        ended = {"$set": {"state": "overtaken", "answered_at": now}}
        if participants:
            query = {"participant": {"$in": list(participants)}, "state": "asked"}
            await self._rows.update_many(query, ended, session=tx)

    async def follow(self, school: Organisation, tx: Transaction) -> None:
        """Takes those that wait for an answer to the municipality in which one of their schools lies by now."""
        for side in ("left", "joined"):
            query = {f"{side}.school": school.id, "state": "asked"}
            await self._rows.update_many(query, {"$set": {f"{side}.municipality": school.municipality}}, session=tx)

    async def load(self, id: str, tx: Transaction) -> Transfer:
        """One transfer; raises NotFound."""
        row = await self._rows.find_one({"_id": id}, session=tx)
        if row is None:
            raise NotFound("no such transfer in your scope")
        return Transfer.of(row)

    async def keep(self, transfer: Transfer, tx: Transaction) -> None:
        """Stores a transfer as it is by now."""
        await self._rows.replace_one({"_id": transfer.id}, _document(transfer), session=tx)


def _document(transfer: Transfer) -> Document:
    return {"_id": transfer.id, **transfer.model_dump(exclude={"id"}), **changed(acting())}
