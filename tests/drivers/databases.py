"""Databases of services for tests: one is a single test's while that runs, and is empty when it comes.

To create the collections and indexes of a service takes as much time as a test; so a database whose test is over is
emptied, and lent to a later one.
"""

import asyncio
import importlib
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pymongo.errors import PyMongoError

from shared.base.settings import Settings
from shared.storage.collections import Collections
from shared.storage.mongo import Mongo

_free: dict[tuple[str, str], list[str]] = defaultdict(list)
"""The prefixes of empty databases, by server and service."""


@asynccontextmanager
async def lent(settings: Settings, service: str) -> AsyncIterator[tuple[Settings, Mongo]]:
    """The settings of an installation with the database of a service, which nobody else uses while the body runs."""
    declared: Collections = importlib.import_module(f"services.{service}.app").COLLECTIONS
    free = _free[settings.mongo_url, service]
    own = settings.model_copy(update={"mongo_database_prefix": free.pop()}) if free else settings
    mongo = Mongo(own.mongo_url, own.database(service))
    try:
        if own is settings:
            await mongo.ensure(declared)
        yield own, mongo
    finally:
        if await _emptied(mongo, declared):
            free.append(own.mongo_database_prefix)
        else:
            await mongo.drop()
        mongo.close()


async def _emptied(mongo: Mongo, declared: Collections) -> bool:
    """Empties a database; tells whether it is as a new one is, with the collections and indexes that are declared."""
    try:
        if set(await mongo.collections()) != set(declared):
            return False
        return all(await asyncio.gather(*(_is_new(mongo, name, declared) for name in declared)))
    except PyMongoError:
        return False


async def _is_new(mongo: Mongo, name: str, declared: Collections) -> bool:
    await mongo[name].delete_many({})
    indexes = {"_id_", *(model.document["name"] for model in declared[name].indexes)}
    return set(await mongo[name].index_information()) == indexes
