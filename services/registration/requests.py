"""Requests for a place in the database, sealed under keys that go when they are answered or forgotten."""

from collections.abc import Mapping
from typing import Any

from services.registration.collections import REQUESTS
from services.registration.domain.identities import child_of
from services.registration.domain.organisations import Organisation
from services.registration.domain.requests import PlaceRequest, must_have_room
from services.registration.name_index import NameIndex
from services.registration.person_keys import PersonKeys
from shared.base.errors import NotFound
from shared.identity.acting import acting, changed
from shared.identity.vault import Vault
from shared.storage.mongo import Document, Mongo, Transaction
from shared.storage.wrapped_keys import WRAPPED

SEALED = ("version", *WRAPPED, "data", "child")
"""The fields of a row that only an unanswered request has."""


class Requests:
    """All that were made and are not forgotten."""

    def __init__(self, mongo: Mongo, vault: Vault, index: NameIndex) -> None:
        self._rows = mongo[REQUESTS]
        self._vault_rows = mongo["vault"]
        self._keys = PersonKeys(mongo)
        self._vault = vault
        self._index = index

    async def add(self, request: PlaceRequest, sealed: Mapping[str, str], tx: Transaction) -> PlaceRequest:
        """Stores a new request; of the same account for the same child and school it is the one that waits.

        Raises Conflict where too many wait.
        """
        mark = self._index.mark(request.place.region, child_of(sealed))
        waiting: Document = {"account": request.account, "state": "asked"}
        there = {"place.school": request.place.school}
        known = await self._rows.find_one({**waiting, **there, "child": mark}, session=tx)
        if known is not None:
            return PlaceRequest.of(known)
        of_school = await self._rows.count_documents({**there, "state": "asked"}, session=tx)
        must_have_room(await self._rows.count_documents(waiting, session=tx), of_school)
        closed = self._vault.seal(request.id, sealed)
        (row,) = await self._keys.parted([closed], tx, expires=request.expires)
        await self._rows.insert_one({**row, **_document(request), "child": mark}, session=tx)
        return request

    async def follow(self, school: Organisation, tx: Transaction) -> None:
        """Takes those that wait for an answer to the municipality in which their school lies by now."""
        query = {"place.school": school.id, "state": "asked"}
        await self._rows.update_many(query, {"$set": {"place.municipality": school.municipality}}, session=tx)

    async def load(self, id: str, tx: Transaction) -> PlaceRequest:
        """One request; raises NotFound."""
        row = await self._rows.find_one({"_id": id}, session=tx)
        if row is None:
            raise NotFound("no such request in your scope")
        return PlaceRequest.of(row)

    async def sealed(self, id: str, tx: Transaction) -> dict[str, str]:
        """The names of an unanswered request."""
        row = await self._rows.find_one({"_id": id}, session=tx)
        (found,) = await self._keys.joined([row] if row else [], tx)
        return self._vault.open(found)

    async def answer(self, request: PlaceRequest, tx: Transaction) -> None:
        """Stores a request that was answered; its names are destroyed."""
        told = {"$set": _document(request), "$unset": dict.fromkeys(SEALED, "")}
        await self._rows.update_one({"_id": request.id}, told, session=tx)
        await self._keys.destroy([request.id], tx)

    async def remove(self, id: str, tx: Transaction) -> None:
        """Destroys a request with its names."""
        await self._rows.delete_one({"_id": id}, session=tx)
        await self._keys.destroy([id], tx)

    async def forget(self, participant: str, tx: Transaction) -> int:
        """Destroys those that have entered a pupil, and those for a child of this name and birth date in the region.

        It is asked before the vault's row is destroyed. Returns how many there were.
        """
        row = await self._vault_rows.find_one({"_id": participant}, {"child": 1}, session=tx)
        ways: list[dict[str, Any]] = [{"participant": participant}]
        if row is not None and "child" in row:
            ways.append({"child": row["child"]})
        ids = await self._rows.distinct("_id", {"$or": ways}, session=tx)
        await self._keys.destroy(ids, tx)
        return (await self._rows.delete_many({"_id": {"$in": ids}}, session=tx)).deleted_count


def _document(request: PlaceRequest) -> Document:
    fields = {**request.model_dump(exclude={"id"}, exclude_none=True), "expires": request.expires}
    return {"_id": request.id, **fields, **changed(acting())}
