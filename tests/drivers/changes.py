"""What has changed in some databases, by their server's own log: also what was changed and changed back."""

import uuid
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any

from motor.motor_asyncio import AsyncIOMotorChangeStream, AsyncIOMotorClient

MARKS = "marks"
Row = dict[str, Any]


class Changes:
    """The changes since they were last asked for."""

    def __init__(self, stream: AsyncIOMotorChangeStream[Row], client: AsyncIOMotorClient[Row]) -> None:
        self._stream = stream
        self._marks = client[f"changes_{uuid.uuid4().hex[:8]}"][MARKS]

    async def since(self) -> Sequence[str]:
        """Returns each change until now, as its kind and where it is."""
        mark = (await self._marks.insert_one({})).inserted_id
        found: list[str] = []
        async for change in self._stream:
            if change.get("documentKey") == {"_id": mark}:
                return found
            where = change.get("ns", {})
            if where.get("coll") != MARKS:
                found.append(f"{change['operationType']} {where.get('db')}.{where.get('coll', '')}")
        raise AssertionError("the server has ended its stream")

    async def forget(self) -> None:
        """Removes what it has written itself."""
        await self._marks.database.client.drop_database(self._marks.database.name)


@asynccontextmanager
async def changes(url: str, databases: Collection[str], apart_from: Collection[str]) -> AsyncIterator[Changes]:
    """The changes in databases from now on, but for those in collections of some names."""
    client: AsyncIOMotorClient[Row] = AsyncIOMotorClient(url, w="majority")
    looked_at = {"ns.db": {"$in": [*databases]}, "ns.coll": {"$nin": [*apart_from]}}
    async with client.watch([{"$match": {"$or": [looked_at, {"ns.coll": MARKS}]}}]) as stream:
        found = Changes(stream, client)
        await found.since()
        yield found
        await found.forget()
    client.close()
