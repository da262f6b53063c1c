"""Words of one entry about another one that were published, until the other's is found that belongs to it."""

from services.registration.collections import WORDS
from shared.programme.merging import Word
from shared.storage.mongo import Mongo, Transaction


class Words:
    """Half of a merging or parting each: a restored database reads both in topics' partitions of their own."""

    def __init__(self, mongo: Mongo) -> None:
        self._rows = mongo[WORDS]

    async def answered(self, id: str, word: Word, tx: Transaction) -> bool:
        """Tells whether the other entry has said the same of this one, and forgets both; else keeps this one."""
        query = {"_id": f"{word.other}/{id}", "merged": word.merged, "role": {"$ne": word.role}}
        if await self._rows.find_one(query, session=tx) is None:
            row = {"other": word.other, "merged": word.merged, "role": word.role}
            await self._rows.replace_one({"_id": f"{id}/{word.other}"}, row, upsert=True, session=tx)
            return False
        await self._rows.delete_many({"_id": {"$in": [f"{word.other}/{id}", f"{id}/{word.other}"]}}, session=tx)
        return True
