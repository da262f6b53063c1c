"""Marks of the keys with which a database began: a process that is given other ones does not work with it.

What was written under the right ones could not be read any more, and accounts and ids in feeds would be others.
"""

from pymongo import ReturnDocument
from pymongo.errors import PyMongoError

from shared.base.errors import Unavailable
from shared.base.settings import Settings
from shared.identity.keys import derive, keyed_id
from shared.storage.mongo import Mongo

COLLECTION = "key_marks"


def account_key(settings: Settings) -> bytes:
    """Returns the key of the hashes that are accounts, one in all services of an installation."""
    return settings.account_key or derive(settings.master_key, "account")


async def prove(mongo: Mongo, settings: Settings) -> None:
    """Raises Unavailable where MASTER_KEY or ACCOUNT_KEY is another one than at the first start with this database.

    Also where the database does not answer. The marks tell nothing of the keys; the first process writes them.
    """
    for name, key in (("MASTER_KEY", settings.master_key), ("ACCOUNT_KEY", account_key(settings))):
        mark = keyed_id(derive(key, "mark"), name)
        if await _first(mongo, name, mark) != mark:
            raise Unavailable(f"{name} is another one than that with which this database began")


async def _first(mongo: Mongo, name: str, mark: str) -> str:
    """The mark of the first process, which is this one where there is none yet."""
    kept = {"$setOnInsert": {"mark": mark}}
    try:
        row = await mongo[COLLECTION].find_one_and_update(
            {"_id": name}, kept, upsert=True, return_document=ReturnDocument.AFTER
        )
    except PyMongoError as error:
        raise Unavailable(f"MongoDB does not answer: {type(error).__name__}") from error
    first: str = row["mark"]
    return first
