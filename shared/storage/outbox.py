"""Events waiting beside the state: written in its transaction, removed after the broker's acknowledgement."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Any, NamedTuple

from shared.base.side_thread import aside
from shared.contracts import wire
from shared.contracts.event import Envelope
from shared.contracts.topics import TOPICS
from shared.storage.decision import Happened
from shared.storage.mongo import Document, Mongo, Transaction

COLLECTION = "outbox"
MOST_ROWS = 100
MOST_BYTES = 262_144
"""A document ends before the second of the two is passed; a record that is larger is alone in its own."""
DOCUMENTS_A_READ = 25
"""A poll reads on until it has enough, so never more than these too many."""
Clock = Callable[[], datetime]


def utcnow() -> datetime:
    """The clock of production."""
    return datetime.now(UTC)


class Row(NamedTuple):
    """One record to be published: `id` is `<subject>:<sequence>`, or the position of a dead letter."""

    id: str
    topic: str
    key: bytes
    value: bytes | None
    headers: list[tuple[str, bytes | None]]

    def stored(self) -> list[Any]:
        """As it is stored: one flat list costs half of what names and nested lists cost to encode and to decode."""
        return [self.id, self.topic, self.key, self.value, *chain.from_iterable(self.headers)]

    @classmethod
    def of(cls, stored: Sequence[Any]) -> "Row":
        """From what is stored."""
        id, topic, key, value, *headers = stored
        return cls(id, topic, key, value, list(zip(headers[::2], headers[1::2], strict=True)))


class Waiting(NamedTuple):
    """One document: rows that were put in together and are forgotten together; `id` is that of the first."""

    id: str
    rows: list[Row]


class Outbox:
    """The outbox of one service; refuses an event that its service does not own."""

    def __init__(self, mongo: Mongo, service: str, topic_prefix: str = "", clock: Clock = utcnow) -> None:
        self._mongo = mongo
        self._documents = mongo[COLLECTION]
        self.service = service
        self._source = f"/{service}"
        self._prefix = topic_prefix
        self._clock = clock
        own = [topic for topic in TOPICS if topic.owner == service]
        self._owned = {event.type for topic in own for event in topic.events}
        self.topics = tuple(topic_prefix + topic.name for topic in sorted(own, key=lambda topic: topic.spread))
        """The service's own topics, its catalogue first, which its facts refer to."""

    def number(self, after: int, happened: Iterable[Happened]) -> list[Envelope]:
        """Envelopes of one aggregate's events, numbered from `after` + 1."""
        recorded = self._clock()
        envelopes = []
        for sequence, fact in enumerate(happened, after + 1):
            if fact.event.type not in self._owned:
                raise ValueError(f"{fact.event.type} is not an event of {self._source}")
            subject, padded = fact.event.subject, f"{sequence:010d}"
            envelopes.append(
                Envelope(
                    id=f"{subject}:{padded}",
                    source=self._source,
                    subject=subject,
                    sequence=padded,
                    time=fact.time,
                    recordedtime=recorded,
                    event=fact.event,
                )
            )
        return envelopes

    async def add(self, envelopes: Sequence[Envelope], tx: Transaction) -> None:
        """Puts the events in, in the transaction of the state that they come from."""
        await self.put(await aside(lambda: list(map(self._row, envelopes)), len(envelopes)), tx)

    async def tell(self, fact: Happened, tx: Transaction) -> None:
        """Puts in an event that is the only one of its subject."""
        await self.add(self.number(0, [fact]), tx)

    async def put(self, rows: Sequence[Row], tx: Transaction) -> None:
        """Puts rows in as they are: one document, or as few as their size allows."""
        if rows:
            await self._documents.insert_many(_documents(rows), session=tx)

    def _row(self, envelope: Envelope) -> Row:
        return Row(
            id=envelope.id,
            topic=self._prefix + envelope.event.topic,
            key=envelope.event.key.encode(),
            value=wire.value(envelope),
            headers=[*wire.headers(envelope)],
        )

    async def pending(self, enough: int) -> list[Waiting]:
        """The oldest documents still there, until they hold enough rows.

        Natural order keeps one aggregate's rows in order, since the second of two writes to it begins after the first
        committed. They are read as of one instant: a scan that goes on while others commit could miss the first of
        two such writes and see the second.
        """
        found: list[Waiting] = []
        async with self._mongo.snapshot() as instant:
            cursor = self._documents.find({}, session=instant).sort([("$natural", 1)]).batch_size(DOCUMENTS_A_READ)
            async for document in cursor:
                found.append(Waiting(document["_id"], [Row.of(stored) for stored in document["rows"]]))
                enough -= len(found[-1].rows)
                if enough <= 0:
                    await cursor.close()
                    break
        return found

    async def remove(self, ids: Sequence[str]) -> None:
        """Forgets documents of which the broker has acknowledged every row."""
        await self._documents.delete_many({"_id": {"$in": list(ids)}})

    async def waiting(self) -> dict[str, str]:
        """Returns the id of the document that each row waits in, by the row's own."""
        ids: dict[str, str] = {}
        async for document in self._documents.find({}):
            ids |= {stored[0]: document["_id"] for stored in document["rows"]}
        return ids

    async def withdraw(self, rows: Mapping[str, str], tx: Transaction) -> None:
        """Forgets rows that turn out to have been published, given as `waiting` gives them."""
        if rows:
            within = {"_id": {"$in": list(set(rows.values()))}}
            is_other = {"$not": [{"$in": [{"$arrayElemAt": ["$$this", 0]}, list(rows)]}]}
            others = {"$filter": {"input": "$rows", "cond": is_other}}
            await self._documents.update_many(within, [{"$set": {"rows": others}}], session=tx)
            await self._documents.delete_many({**within, "rows": []}, session=tx)

    async def size(self) -> int:
        """Counts the rows that wait."""
        return await size(self._mongo)


async def size(mongo: Mongo) -> int:
    """Counts the rows that wait in the outbox of a service's database."""
    count = {"$group": {"_id": None, "rows": {"$sum": {"$size": "$rows"}}}}
    counted = await mongo[COLLECTION].aggregate([count]).to_list(1)
    return int(counted[0]["rows"]) if counted else 0


def _documents(rows: Sequence[Row]) -> list[Document]:
    """The rows in order, in as few documents as may hold them."""
    documents: list[Document] = []
    room = 0
    for row in rows:
        stored = row.stored()
        weight = sum(map(len, filter(None, stored)))
        if room < weight or len(documents[-1]["rows"]) == MOST_ROWS:
            documents.append({"_id": row.id, "rows": []})
            room = MOST_BYTES
        documents[-1]["rows"].append(stored)
        room -= weight
    return documents
