"""Acts of destruction in the database, and the destruction itself."""

import re
from collections.abc import Collection
from datetime import datetime
from typing import Any

from services.registration.collections import (
    ACTS,
    BALANCES,
    DISMISSALS,
    KEYS,
    LEFT,
    MARKED,
    OF_SEVERAL,
    OPEN,
    REFUSED,
    RETENTION_LIST,
    TRANSFERS,
    TRIED,
)
from services.registration.copies.steps import progress_id
from services.registration.domain.erasure import Act, Cleared, Service
from services.registration.domain.participants import NO_KEY, Participant, former_key
from shared.http.audit import ACTORS, CORRECTIONS
from shared.identity.acting import Actor, changed
from shared.programme.texts import ref_key
from shared.storage.mongo import Document, Mongo, Transaction


class Acts:
    """The acts, each written with the erasure, and again with every answer."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._rows = mongo[ACTS]

    async def destroy(self, pupil: Participant, tx: Transaction) -> tuple[dict[str, int], set[str]]:
        """Destroys the vault's rows, with their keys, of a pupil and of the guardians who have no other one.

        The steps that a school's list shows go too. Returns the rows that were destroyed or emptied by collection, and
        the guardians who stay for others.
        """
        shared = await self._shared(pupil, tx)
        alone = [guardian for guardian in pupil.guardians if guardian not in shared]
        accounts = {pupil.account, *(pupil.linked.get(guardian) for guardian in alone)}
        rows = {"participants": 1}
        found: dict[str, Document] = {
            "vault": {"_id": {"$in": [pupil.id, *alone]}},
            KEYS: {"_id": {"$in": [pupil.id, *alone]}},
            "guardians": {"$or": [{"_id": {"$in": alone}}, {"same": {"$in": alone, **OF_SEVERAL["same"]}}]},
            TRANSFERS: {"participant": pupil.id},
            DISMISSALS: {"participants": pupil.id},
            CORRECTIONS: {"participant": pupil.id},
            RETENTION_LIST: {"_id": pupil.id},
            BALANCES: {"participant": pupil.id},
            ACTORS: {"_id": {"$in": [account for account in accounts if account]}},
            "steps": {"_id": {"$in": [progress_id(pupil.id, season) for season in pupil.seasons]}},
        }
        found |= dict.fromkeys((REFUSED, TRIED), await self._on_lines(pupil, alone, tx))
        for name, query in found.items():
            rows[name] = (await self._mongo[name].delete_many(query, session=tx)).deleted_count
        return rows, shared

    async def _on_lines(self, pupil: Participant, guardians: Collection[str], tx: Transaction) -> Document:
        """Matches kept lines of imports that name the pupil, or guardians, by a key, or by the name."""
        named = {"$or": [{"_id": {"$in": list(guardians)}}, {"same": {"$in": list(guardians), **OF_SEVERAL["same"]}}]}
        known = self._mongo["guardians"].find(named, {"school": 1, "ref": 1}, session=tx)
        own = [(pupil.place.school, pupil.external_ref), *[(row["school"], row["ref"]) async for row in known]]
        folds = [former_key(school, ref_key(ref)) for school, ref in own if not ref.startswith(NO_KEY)]
        keys = [*folds, *pupil.former]
        sealed = await self._mongo["vault"].find_one({"_id": pupil.id}, {"child": 1}, session=tx)
        child = sealed.get("child") if sealed else None
        marked = [] if child is None else [{"child": {"$eq": child, **MARKED["child"]}}]
        return {"$or": [{"keys": {"$in": keys}}, *marked]}

    async def _shared(self, pupil: Participant, tx: Transaction) -> set[str]:
        """The guardians of a pupil who have another one: in the school that knows them, or gone from it."""
        own = list(pupil.guardians)
        named = {"$or": [{"_id": {"$in": own}}, {"same": {"$in": own, **OF_SEVERAL["same"]}}]}
        schools = await self._mongo["guardians"].distinct("school", named, session=tx)
        gone: Document = {"former": {"$regex": f"^({'|'.join(map(re.escape, schools))})/", **LEFT["former"]}}
        places: list[Document] = [{"place.school": {"$in": schools}}, *([gone] if schools else [])]
        query = {"_id": {"$ne": pupil.id}, "guardians": {"$in": list(pupil.guardians)}, "$or": places}
        others = self._mongo["participants"].find(query, {"guardians": 1}, session=tx)
        return {guardian async for row in others for guardian in row["guardians"]} & set(pupil.guardians)

    async def erased(self, pupils: Collection[str], tx: Transaction) -> set[str]:
        """The pupils among these who were erased."""
        rows = self._rows.find({"participant": {"$in": list(pupils), "$gt": ""}}, {"participant": 1}, session=tx)
        return {row["participant"] async for row in rows} if pupils else set()

    async def add(self, act: Act, by: Actor | None, tx: Transaction) -> None:
        """Stores a new act, with who asked for it."""
        await self._rows.insert_one({**_document(act), **changed(by)}, session=tx)

    async def restore(self, act: Act, tx: Transaction) -> None:
        """Stores an act that its erasure's own event tells of, with the answers that have come before it."""
        row = await self._rows.find_one({"_id": act.id}, session=tx) or {}
        known = act.model_copy(update={"cleared": {**act.cleared, **row.get("cleared", {})}})
        document = _document(Act.model_validate(known.model_dump()))
        await self._rows.replace_one({"_id": act.id}, document, upsert=True, session=tx)

    async def open_since(self, time: datetime) -> int:
        """Returns how many acts of erasures before a time are open."""
        return await self._rows.count_documents({**OPEN, "erased_at": {"$exists": True, "$lt": time}})

    async def of_pupil(self, participant: str, tx: Transaction) -> Act:
        """The act by which a pupil was erased."""
        row = await self._rows.find_one({"participant": participant}, session=tx)
        assert row is not None
        return Act.of(row)

    async def of_guardian(self, guardian: str, tx: Transaction) -> Act | None:
        """The act by which a guardian was erased who had children left; None where there is none."""
        row = await self._rows.find_one({"guardian": {"$eq": guardian, "$gt": ""}}, session=tx)
        return Act.of(row) if row else None

    async def answer(self, number: str, service: Service, cleared: Cleared, tx: Transaction) -> None:
        """Keeps the first answer of a service; also one to an act that is not here, as after a restored backup."""
        row = await self._rows.find_one({"_id": number}, session=tx)
        if row is None or "erased_at" not in row:
            told = {f"cleared.{service}": cleared.model_dump()}
            query = {"_id": number, f"cleared.{service}": {"$exists": False}}
            if row is None or service not in row["cleared"]:
                await self._rows.update_one(query, {"$set": told}, upsert=True, session=tx)
            return
        await self._keep(Act.of(row).answered(service, cleared), tx)

    async def answer_of_child(
        self, number: str, child: str, service: Service, cleared: Cleared, tx: Transaction
    ) -> None:
        """Keeps the answer of a service about a guardian of one child.

        The act of a pupil waits for what is said of the pupil, and so of the guardians who were erased together.
        """
        row = await self._rows.find_one({"_id": number, "guardian": {"$gt": ""}}, session=tx)
        if row is not None:
            await self._keep(Act.of(row).answered_of(child, service, cleared), tx)

    async def _keep(self, act: Act, tx: Transaction) -> None:
        await self._rows.update_one({"_id": act.id}, {"$set": _document(act)}, session=tx)


def _document(act: Act) -> Document:
    document: dict[str, Any] = act.model_dump(exclude={"id"})
    return {"_id": act.id, **document, "closed_at": act.closed_at}
