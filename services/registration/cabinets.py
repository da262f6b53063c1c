"""The accounts of guardians in the database: a guardian has one, for all children whose cabinets are open."""

from collections.abc import Collection, Iterable, Mapping

from pymongo import UpdateOne

from services.registration.collections import LINKED
from services.registration.domain.links import Binding
from services.registration.domain.participants import NO_KEY
from shared.identity.acting import acting, changed
from shared.storage.mongo import Mongo, Transaction

MET = {"$inc": {"met": 1}}
"""Changes a row that may be so already: MongoDB writes nothing then, and whoever else reads it would not conflict."""


class Cabinets:
    """The guardians' side of links; that of the pupils is their own."""

    def __init__(self, mongo: Mongo) -> None:
        self._guardians = mongo["guardians"]
        self._participants = mongo["participants"]

    async def accounts(self, guardians: Iterable[str], tx: Transaction) -> dict[str, str]:
        """The accounts of the guardians among these who have one that no other may take over."""
        wanted = list(dict.fromkeys(guardians))
        if not wanted:
            return {}
        query = {"_id": {"$in": wanted}, "account": {"$ne": None}, "released": {"$ne": True}}
        rows = await self._guardians.find(query, {"account": 1}, session=tx).to_list(None)
        return {row["_id"]: row["account"] for row in rows}

    async def hold(self, guardians: Collection[str], tx: Transaction) -> None:
        """Lets this transaction conflict with one that destroys a guardian who has no pupil but these."""
        if guardians:
            await self._guardians.update_many({"_id": {"$in": list(guardians)}}, MET, session=tx)

    async def bind(self, bound: Mapping[str, Binding], tx: Transaction) -> None:
        """Gives an account to guardians who were read without another one in this transaction.

        It runs again, as after every write conflict, where another process has given one since.
        """
        writes = [
            UpdateOne(
                {"_id": guardian, "$or": [{"account": {"$in": [None, binding.account]}}, {"released": True}]},
                {"$set": {"account": binding.account, "released": False, **changed(binding.by)}, **MET},
            )
            for guardian, binding in bound.items()
        ]
        if writes:
            result = await self._guardians.bulk_write(writes, ordered=False, session=tx)
            if result.matched_count < len(writes):
                raise RuntimeError("a guardian who was read without another account is not there, or has one")

    async def restore(self, guardian: str, account: str, school: str, tx: Transaction) -> bool:
        """Gives a guardian the account that an event tells of; False for one who is not known here.

        That one is kept without a name, under a key that no school has, so that the cabinet can be closed.
        """
        nameless = {"school": school, "ref": f"{NO_KEY}{guardian}", "ref_key": None}
        change = {"$set": {"account": account, "released": False}, "$setOnInsert": nameless}
        result = await self._guardians.update_one({"_id": guardian}, change, upsert=True, session=tx)
        return result.upserted_id is None

    async def unbind(self, guardian: str, pupil: str, tx: Transaction) -> None:
        """Lets a guardian whose cabinet of a pupil was closed have another account, unless one of a sibling is open.

        The guardian is changed in any case, so that a link that is made meanwhile conflicts.
        """
        other = {"_id": {"$ne": pupil}, "guardians": guardian, f"linked.{guardian}": {"$gt": ""}, **LINKED}
        kept = await self._participants.find_one(other, {"_id": 1}, session=tx)
        change = {"$set": {**changed(acting()), **({} if kept else {"account": None})}, **MET}
        await self._guardians.update_one({"_id": guardian}, change, session=tx)

    async def release(self, guardian: str, school: str, tx: Transaction) -> None:
        """Lets another account take a guardian over, unless one has the cabinet of a pupil of this school.

        A school gives its codes to whom it knows, and closes no cabinet that was opened in another one.
        """
        own = {"place.school": school, "guardians": guardian, f"linked.{guardian}": {"$gt": ""}}
        if await self._participants.find_one(own, {"_id": 1}, session=tx) is None:
            change = {"$set": {"released": True, **changed(acting())}, **MET}
            await self._guardians.update_one({"_id": guardian}, change, session=tx)
