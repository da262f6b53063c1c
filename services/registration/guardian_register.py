"""Guardians as persons in the database: which children know one, and the destruction of what leads to one."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from services.registration.collections import KEYS, LEFT, OF_SEVERAL, REFUSED, REQUESTS
from services.registration.domain.participants import Participant, former_key
from services.registration.person_keys import PersonKeys
from shared.http.audit import ACTORS, CORRECTIONS
from shared.programme.texts import ref_key
from shared.storage.mongo import Document, Mongo, Transaction


class KnownGuardian(NamedTuple):
    """A guardian whom schools know."""

    id: str
    account: str | None
    keys: tuple[tuple[str, str], ...]
    """A school's code, and the school's own key of the guardian."""

    @property
    def schools(self) -> list[str]:
        """The codes of the schools that know her."""
        return sorted({school for school, _ in self.keys})


class GuardianRegister:
    """All whom schools have named."""

    def __init__(self, mongo: Mongo) -> None:
        self._mongo = mongo
        self._rows = mongo["guardians"]
        self._keys = PersonKeys(mongo)

    async def load(self, id: str, tx: Transaction) -> KnownGuardian | None:
        """A guardian by the id; None where there is none."""
        named = {"$or": [{"_id": id}, {"same": {"$eq": id, **OF_SEVERAL["same"]}}]}
        rows = await self._rows.find(named, session=tx).to_list(None)
        account = next((row.get("account") for row in rows if row["_id"] == id), None)
        known = any(row["_id"] == id for row in rows)
        return KnownGuardian(id, account, tuple((row["school"], row["ref"]) for row in rows)) if known else None

    async def of_account(self, account: str, tx: Transaction) -> list[str]:
        """The ids under which an account has cabinets, in order."""
        rows = self._rows.find({"account": account}, {"_id": 1}, session=tx).sort("_id", 1)
        return [row["_id"] async for row in rows]

    async def entries(self, guardian: KnownGuardian, tx: Transaction) -> list[Participant]:
        """The entries of her children: in the schools that know her, gone from them, or merged into such a child's."""
        ways = [{"guardians": guardian.id}, {"merged.before.guardians": guardian.id}]
        gone = f"^({'|'.join(map(re.escape, guardian.schools))})/"
        places: list[Document] = [
            {"place.school": {"$in": guardian.schools}},
            {"former": {"$regex": gone, **LEFT["former"]}},
        ]
        found = await self._found({"$and": [{"$or": ways}, {"$or": places}]}, tx)
        joined = {id for entry in found for id in entry.duplicates}
        joined |= {entry.merged.into for entry in found if entry.merged is not None}
        beside = joined - {entry.id for entry in found}
        return found + (await self._found({"_id": {"$in": sorted(beside)}}, tx) if beside else [])

    async def _found(self, query: Document, tx: Transaction) -> list[Participant]:
        rows = self._mongo["participants"].find(query, session=tx).sort("_id", 1)
        return [Participant.of(row) async for row in rows]

    async def destroy(self, guardian: KnownGuardian, accounts: Iterable[str | None], tx: Transaction) -> dict[str, int]:
        """Destroys the vault's row of a guardian with its key, her school's keys, and what else names her.

        Her accounts are forgotten with the requests for a place that they made, unless somebody else has them too.
        Returns the rows that were destroyed, by collection.
        """
        keys = [former_key(school, ref_key(ref)) for school, ref in guardian.keys]
        alone = [account for account in {*accounts, guardian.account} if account is not None]
        alone = [account for account in alone if not await self._is_of_another(account, guardian.id, tx)]
        asked = await self._mongo[REQUESTS].distinct("_id", {"account": {"$in": alone}}, session=tx)
        await self._keys.destroy(asked, tx)
        found: dict[str, Document] = {
            "vault": {"_id": guardian.id},
            KEYS: {"_id": guardian.id},
            "guardians": {"$or": [{"_id": guardian.id}, {"same": {"$eq": guardian.id, **OF_SEVERAL["same"]}}]},
            CORRECTIONS: {"person": guardian.id},
            REFUSED: {"keys": {"$in": keys}},
            REQUESTS: {"_id": {"$in": asked}},
            ACTORS: {"_id": {"$in": alone}},
        }
        return {
            name: (await self._mongo[name].delete_many(query, session=tx)).deleted_count
            for name, query in found.items()
        }

    async def _is_of_another(self, account: str, guardian: str, tx: Transaction) -> bool:
        """Tells whether an account is that of another guardian, or of a pupil."""
        other = await self._rows.find_one({"account": account, "_id": {"$ne": guardian}}, {"_id": 1}, session=tx)
        pupil = await self._mongo["participants"].find_one({"account": account}, {"_id": 1}, session=tx)
        return other is not None or pupil is not None
