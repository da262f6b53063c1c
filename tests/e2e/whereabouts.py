"""Where persons are named: every field of every database in which one of some ids or accounts stands."""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager
from typing import Any

import bson
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

from shared.base.settings import Settings
from shared.contracts.topics import SERVICES
from shared.storage.mongo import Mongo


@asynccontextmanager
async def database(settings: Settings, service: str) -> AsyncIterator[Mongo]:
    mongo = Mongo(settings.mongo_url, settings.database(service))
    yield mongo
    mongo.close()


async def named(settings: Settings, persons: set[str]) -> dict[tuple[str, str], set[str]]:
    """The fields by service and collection; rows that name nobody are not even decoded, since there are many."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    words, unread = [person.encode() for person in persons], CodecOptions(RawBSONDocument)
    for service in SERVICES:
        async with database(settings, service) as mongo:
            for name in await mongo.collections():
                async for batch in mongo[name].find_raw_batches({}):
                    if any(word in batch for word in words):
                        for row in bson.decode_all(batch, unread):
                            if any(word in row.raw for word in words):
                                found[service, name] |= set(_places(bson.decode(row.raw), persons))
    return found


def _places(value: Any, persons: Collection[str], path: tuple[str, ...] = ()) -> Iterator[str]:
    """The fields of a value in which a person is named."""
    match value:
        case dict():
            for name, inner in value.items():
                named = any(person in name for person in persons)
                if named:
                    yield ".".join(path)
                yield from _places(inner, persons, (*path, "*" if named else name))
        case list():
            for inner in value:
                yield from _places(inner, persons, path)
        case str() | bytes():
            text = value if isinstance(value, str) else value.decode("latin-1")
            if any(person in text for person in persons):
                yield ".".join(path)
