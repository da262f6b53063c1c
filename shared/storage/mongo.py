"""The only importer of motor: a service's database, its transactions and its snapshots."""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

from motor.motor_asyncio import (
    AsyncIOMotorClient,
    AsyncIOMotorClientSession,
    AsyncIOMotorCollection,
    AsyncIOMotorDatabase,
)
from pymongo.errors import CollectionInvalid, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from shared.base.errors import Unavailable
from shared.storage.collections import Collections

Document = dict[str, Any]
Collection = AsyncIOMotorCollection[Document]
Transaction = AsyncIOMotorClientSession
"""A session with an open transaction, or with a snapshot; every operation inside takes it as `session=`."""

WHOLE = 10_000
"""`batch_size` of a find whose answer should come in one piece: by default the first piece is 101 documents."""

_AHEAD = "rows_ahead"
"""The attribute of a snapshot with the rows that were read ahead, by collection and id: they go with it."""

T = TypeVar("T")


class Mongo:
    """One database of one service. `mongo["name"]` is a collection."""

    def __init__(self, url: str, database: str) -> None:
        self._client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(
            url, tz_aware=True, serverSelectionTimeoutMS=5_000, w="majority", appname=database
        )
        self._database: AsyncIOMotorDatabase[Document] = self._client[database]
        self._collections: dict[str, Collection] = {}
        """Kept, since Motor makes another one, with its driver's, at each access."""

    def __getitem__(self, collection: str) -> Collection:
        found = self._collections.get(collection)
        if found is None:
            found = self._collections[collection] = self._database[collection]
        return found

    async def transact(self, body: Callable[[Transaction], Coroutine[Any, Any, T]]) -> T:
        """Runs `body` in one transaction and commits it; `body` runs again after a write conflict."""
        async with self._session() as session:
            return await session.with_transaction(
                body, read_concern=ReadConcern("snapshot"), write_concern=WriteConcern("majority")
            )

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Transaction]:
        """A session whose reads all see the same instant."""
        async with self._session(snapshot=True) as session:
            yield session

    def _session(self, *, snapshot: bool = False) -> Transaction:
        """Begins a session. Motor would hand that to a thread, although nothing is asked of the server."""
        begun: Transaction = self._client.wrap(self._client.delegate.start_session(snapshot=snapshot))
        return begun

    async def read_ahead(self, wanted: Mapping[str, Sequence[str]], snapshot: Transaction) -> None:
        """Reads rows of several collections by their ids in one answer, from which `by_ids` takes them afterwards.

        Whoever waits for one answer after the other waits mostly for the network. It changes nothing else, since a
        snapshot is of one instant; in a transaction MongoDB has no such read.
        """
        first, *others = (self._tagged(name, ids) for name, ids in wanted.items())
        unions = [{"$unionWith": {"coll": name, "pipeline": stages}} for name, stages in others]
        found = self[first[0]].aggregate([*first[1], *unions], batchSize=WHOLE, session=snapshot)
        rows: dict[str, dict[str, Document | None]] = {name: dict.fromkeys(ids) for name, ids in wanted.items()}
        for one in await found.to_list(None):
            rows[one["of"]][one["row"]["_id"]] = one["row"]
        setattr(snapshot, _AHEAD, rows)

    @staticmethod
    def _tagged(name: str, ids: Sequence[str]) -> tuple[str, list[Document]]:
        tagged = {"$replaceRoot": {"newRoot": {"of": name, "row": "$$ROOT"}}}
        return name, [{"$match": {"_id": {"$in": list(ids)}}}, tagged]

    async def ensure(self, collections: Collections) -> None:
        """Creates each collection and its indexes where they are missing; may run again."""
        present = set(await self._database.list_collection_names())
        for name, (models, _) in collections.items():
            if name not in present:
                with suppress(CollectionInvalid):  # a service that has just started may have been faster
                    await self._database.create_collection(name)
            if models:
                await self[name].create_indexes(list(models))

    async def ping(self) -> None:
        """Returns when the primary answers; raises Unavailable otherwise."""
        try:
            await self._client.admin.command("ping")
        except PyMongoError as error:
            # A driver that was refused asks again after ten seconds; until then it only says that it finds no server.
            topology: Any = self._client.topology_description  # a property, though Motor's stubs say a method
            servers = topology.server_descriptions().values()
            refusals = (e for e in (error, *(server.error for server in servers)) if isinstance(e, OperationFailure))
            refusal = next(refusals, None)
            if refusal is None:
                raise Unavailable(f"MongoDB does not answer: {type(error).__name__}") from error
            said = (refusal.details or {}).get("errmsg", type(refusal).__name__)
            raise Unavailable(f"MongoDB refuses: {said}") from error

    async def transaction_lifetime(self) -> int | None:
        """Seconds after which the server ends an abandoned transaction; None where it does not say."""
        try:
            answer = await self._client.admin.command("getParameter", 1, transactionLifetimeLimitSeconds=1)
        except PyMongoError:
            return None
        return int(answer["transactionLifetimeLimitSeconds"])

    async def version(self) -> str:
        """Of the server."""
        return str((await self._client.admin.command("buildInfo"))["version"])

    async def collections(self) -> list[str]:
        """Names of the collections that exist."""
        return sorted(await self._database.list_collection_names())

    async def drop(self) -> None:
        """Removes the whole database."""
        await self._client.drop_database(self._database.name)

    def close(self) -> None:
        """Closes every connection."""
        self._client.close()


async def by_ids(rows: Collection, ids: Iterable[str], tx: Transaction | None = None) -> list[Document]:
    """The documents that exist among `ids`, in one answer of the server; none are asked for where there is no id."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return []
    ahead: dict[str, Document | None] = getattr(tx, _AHEAD, {}).get(rows.name, {})
    if ahead.keys() >= set(wanted):
        return [row for id in wanted if (row := ahead[id]) is not None]
    found: list[Document] = await rows.find({"_id": {"$in": wanted}}, batch_size=WHOLE, session=tx).to_list(None)
    return found
