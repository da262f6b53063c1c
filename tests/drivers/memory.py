"""A service's database in memory: the same documents, queries and unique keys, and one transaction at a time.

It stands in for the server where a test runs thousands of use cases and none at once with another. Documents pass
through BSON, so that what is read is what the server would give. A query that it does not know fails.
"""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, NamedTuple, TypeVar, cast

import bson
from bson.codec_options import CodecOptions
from pymongo import DeleteOne, InsertOne, ReplaceOne, UpdateMany, UpdateOne
from pymongo.errors import DuplicateKeyError

from shared.storage.collections import Collections
from shared.storage.mongo import Collection, Document, Mongo, Transaction
from tests.drivers.memory_queries import change, equal_parts, in_order, matches, shown, values_at

T = TypeVar("T")
READ_AS: CodecOptions[Document] = CodecOptions(tz_aware=True)
TOGETHER: Transaction = cast(Transaction, SimpleNamespace())
"""The transaction that is under way."""


class MemoryMongo(Mongo):
    """A database that is gone with its object."""

    def __init__(self, collections: Collections) -> None:
        keys = {
            name: [m.document for m in models if m.document.get("unique")] for name, (models, _) in collections.items()
        }
        self._kept = {name: Rows(name, list(map(Unique.of, unique))) for name, unique in keys.items()}

    def copied(self) -> "MemoryMongo":
        """Returns another database with the same documents."""
        copy = MemoryMongo({})
        copy._kept = {name: rows.copied() for name, rows in self._kept.items()}
        return copy

    def __getitem__(self, collection: str) -> Collection:
        return cast(Collection, self._kept.setdefault(collection, Rows(collection)))

    async def transact(self, body: Callable[[Transaction], Coroutine[Any, Any, T]]) -> T:
        """Runs `body`; where it raises, nothing of it stays."""
        before = {name: dict(rows.rows) for name, rows in self._kept.items()}
        try:
            return await body(TOGETHER)
        except BaseException:
            for name, rows in self._kept.items():
                rows.rows = before.get(name, {})
            raise

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Transaction]:
        """The database as it is: nobody writes meanwhile."""
        yield TOGETHER


class Row(NamedTuple):
    """A document as it is stored, and as it is looked at."""

    stored: bytes
    document: Document

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Row":
        """Stores a document."""
        stored = bson.encode(document)
        return cls(stored, bson.decode(stored, READ_AS))

    def read(self) -> Document:
        """Returns a copy, which the reader may change."""
        return bson.decode(self.stored, READ_AS)


class Unique(NamedTuple):
    """A key that no two documents share."""

    fields: Sequence[str]
    among: Mapping[str, Any]
    is_sparse: bool

    @classmethod
    def of(cls, index: Mapping[str, Any]) -> "Unique":
        """Returns what an index says."""
        return cls(list(index["key"]), index.get("partialFilterExpression", {}), index.get("sparse", False))

    def keys(self, document: Document) -> set[tuple[Any, ...]]:
        """Returns the keys of a document, several where one of its fields is an array."""
        if not matches(document, self.among):
            return set()
        found = [list(values_at(document, name.split("."))) for name in self.fields]
        if self.is_sparse and not any(found):
            return set()
        first = [one for value in found[0] for one in (value if isinstance(value, list) else [value])] or [None]
        return {(one, *(values[0] if values else None for values in found[1:])) for one in first}


class Rows:
    """One collection."""

    def __init__(self, name: str, unique: Sequence[Unique] = ()) -> None:
        self.name = name
        self.rows: dict[Any, Row] = {}
        self._unique = unique

    def copied(self) -> "Rows":
        """Returns another collection with the same documents."""
        copy = Rows(self.name, self._unique)
        copy.rows = dict(self.rows)
        return copy

    def with_options(self, **_: Any) -> "Rows":
        """The same collection: there is one copy of it."""
        return self

    def _found(self, query: Mapping[str, Any], fold: bool = False) -> list[Row]:
        asked = query.get("_id")
        wanted = asked.get("$in") if isinstance(asked, dict) and not fold else None
        if wanted is None:
            candidates: Iterable[Row] = self.rows.values()
        else:
            candidates = [self.rows[id] for id in dict.fromkeys(wanted) if id in self.rows]
        return [row for row in candidates if matches(row.document, query, fold)]

    def _put(self, document: Mapping[str, Any], instead: Any = None) -> None:
        row = Row.of(document)
        id = row.document["_id"]
        for unique in self._unique:
            keys = unique.keys(row.document)
            others = (other for known, other in self.rows.items() if known not in (id, instead))
            if keys and any(keys & unique.keys(other.document) for other in others):
                raise DuplicateKeyError(f"{self.name}: {unique.fields}")
        self.rows[id] = row

    # Reading.

    def find(self, query: Mapping[str, Any] | None = None, projection: Any = None, **_: Any) -> "Cursor":
        """Returns a cursor over what a query finds."""
        return Cursor(self, query or {}, projection)

    async def find_one(
        self, query: Mapping[str, Any], projection: Any = None, *, sort: Any = None, session: Any = None
    ) -> Document | None:
        """Returns the first document that a query finds."""
        cursor = self.find(query, projection)
        found = await (cursor.sort(sort) if sort else cursor).to_list(1)
        return found[0] if found else None

    async def count_documents(self, query: Mapping[str, Any], *, session: Any = None) -> int:
        """Counts what a query finds."""
        return len(self._found(query))

    async def distinct(self, field: str, query: Mapping[str, Any], *, session: Any = None) -> list[Any]:
        """Returns the values of a field, each once."""
        found = (value for row in self._found(query) for value in values_at(row.read(), field.split(".")))
        return list(dict.fromkeys(one for value in found for one in (value if isinstance(value, list) else [value])))

    # Writing.

    async def insert_one(self, document: Mapping[str, Any], *, session: Any = None) -> None:
        """Inserts a document."""
        if document["_id"] in self.rows:
            raise DuplicateKeyError(f"{self.name}: {document['_id']}")
        self._put(document)

    async def insert_many(self, documents: Iterable[Document], *, ordered: bool = True, session: Any = None) -> None:
        """Inserts documents; those without an id get one."""
        for document in documents:
            await self.insert_one({"_id": bson.ObjectId(), **document})

    async def update_one(
        self, query: Mapping[str, Any], said: Any, upsert: bool = False, *, session: Any = None
    ) -> SimpleNamespace:
        """Changes the first document that a query finds."""
        return self._update(query, said, self._found(query)[:1], upsert)

    async def update_many(self, query: Mapping[str, Any], said: Any, *, session: Any = None) -> SimpleNamespace:
        """Changes all documents that a query finds."""
        return self._update(query, said, self._found(query), upsert=False)

    def _update(self, query: Mapping[str, Any], said: Any, found: Sequence[Row], upsert: bool) -> SimpleNamespace:
        changed = 0
        for row in found:
            document = row.read()
            change(document, said, inserted=False)
            changed += document != row.document
            self._put(document)
        if upsert and not found:
            document = dict(equal_parts(query))
            change(document, said, inserted=True)
            self._put(document)
        return SimpleNamespace(matched_count=len(found), modified_count=changed)

    async def replace_one(
        self, query: Mapping[str, Any], document: Mapping[str, Any], upsert: bool = False, *, session: Any = None
    ) -> SimpleNamespace:
        """Puts a document in the place of the first that a query finds."""
        found = self._found(query)[:1]
        if found or upsert:
            self._put({**dict(equal_parts(query)), **document})
        return SimpleNamespace(matched_count=len(found), modified_count=len(found))

    async def delete_one(self, query: Mapping[str, Any], *, session: Any = None) -> SimpleNamespace:
        """Removes the first document that a query finds."""
        return self._delete(self._found(query)[:1])

    async def delete_many(self, query: Mapping[str, Any], *, session: Any = None) -> SimpleNamespace:
        """Removes all documents that a query finds."""
        return self._delete(self._found(query))

    def _delete(self, found: Sequence[Row]) -> SimpleNamespace:
        for row in found:
            del self.rows[row.document["_id"]]
        return SimpleNamespace(deleted_count=len(found))

    async def bulk_write(self, writes: Iterable[Any], *, ordered: bool = True, session: Any = None) -> SimpleNamespace:
        """Does writes one after the other."""
        inserted = matched = 0
        for write in writes:
            match write:
                case InsertOne(_doc=document):
                    await self.insert_one(document)
                    inserted += 1
                case ReplaceOne(_filter=query, _doc=document, _upsert=upsert):
                    matched += (await self.replace_one(query, document, bool(upsert))).matched_count
                case UpdateOne(_filter=query, _doc=said, _upsert=upsert):
                    matched += (await self.update_one(query, said, bool(upsert))).matched_count
                case UpdateMany(_filter=query, _doc=said):
                    matched += (await self.update_many(query, said)).matched_count
                case DeleteOne(_filter=query):
                    await self.delete_one(query)
                case _:
                    raise NotImplementedError(write)
        return SimpleNamespace(inserted_count=inserted, matched_count=matched)


class Cursor:
    """What a query finds, in an order and up to a number."""

    def __init__(self, rows: Rows, query: Mapping[str, Any], projection: Any) -> None:
        self._rows, self._query, self._projection = rows, query, projection
        self._keys: list[tuple[str, int]] = []
        self._most: int | None = None
        self._fold = False

    def sort(self, keys: Any, direction: int = 1) -> "Cursor":
        """Orders by one field or several."""
        self._keys = [(keys, direction)] if isinstance(keys, str) else list(keys)
        return self

    def limit(self, most: int) -> "Cursor":
        """Stops after a number."""
        self._most = most
        return self

    def collation(self, _: Any) -> "Cursor":
        """Takes no account of case, the only other order of texts that services ask for."""
        self._fold = True
        return self

    def hint(self, _: Any) -> "Cursor":
        """Changes nothing."""
        return self

    batch_size = hint

    def _documents(self) -> list[Document]:
        found = in_order((row.read() for row in self._rows._found(self._query, self._fold)), self._keys)
        return [shown(one, self._projection) if self._projection else one for one in found[: self._most]]

    async def to_list(self, most: int | None) -> list[Document]:
        """Returns the documents."""
        return self._documents()[:most]

    async def close(self) -> None:
        """Changes nothing."""

    async def __aiter__(self) -> AsyncIterator[Document]:
        for document in self._documents():
            yield document
