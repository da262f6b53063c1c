"""Events waiting beside the state: written in its transaction, removed after the broker's acknowledgement."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from shared.contracts import wire
from shared.contracts.event import Envelope
from shared.contracts.topics import TOPICS
from shared.decision import Happened
from shared.mongo import Document, Mongo, Transaction

COLLECTION = "outbox"
Clock = Callable[[], datetime]


def utcnow() -> datetime:
    """The clock of production."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Row:
    """One record to be published: `id` is `<subject>:<sequence>`, or the position of a dead letter."""

    id: str
    topic: str
    key: bytes
    value: bytes | None
    headers: list[tuple[str, bytes | None]]

    def document(self) -> Document:
        """As it is stored."""
        return {
            "_id": self.id,
            "topic": self.topic,
            "key": self.key,
            "value": self.value,
            "headers": [list(header) for header in self.headers],
        }

    @classmethod
    def of(cls, document: Document) -> "Row":
        """From what is stored."""
        return cls(
            id=document["_id"],
            topic=document["topic"],
            key=document["key"],
            value=document["value"],
            headers=[(name, content) for name, content in document["headers"]],
        )


class Outbox:
    """The outbox of one service; refuses an event that its service does not own."""

    def __init__(self, mongo: Mongo, service: str, topic_prefix: str = "", clock: Clock = utcnow) -> None:
        self._rows = mongo[COLLECTION]
        self._source = f"/{service}"
        self._prefix = topic_prefix
        self._clock = clock
        self._owned = {event.type for topic in TOPICS if topic.owner == service for event in topic.events}

    def number(self, after: int, happened: Iterable[Happened]) -> list[Envelope]:
        """Envelopes of one aggregate's events, numbered from `after` + 1."""
        recorded = self._clock()
        envelopes = []
        for sequence, fact in enumerate(happened, after + 1):
            if fact.event.type not in self._owned:
                raise ValueError(f"{fact.event.type} is not an event of {self._source}")
            padded = f"{sequence:010d}"
            envelopes.append(
                Envelope(
                    id=f"{fact.event.subject}:{padded}",
                    source=self._source,
                    subject=fact.event.subject,
                    sequence=padded,
                    time=fact.time,
                    recordedtime=recorded,
                    event=fact.event,
                )
            )
        return envelopes

    async def add(self, envelopes: Sequence[Envelope], tx: Transaction) -> None:
        """Puts the events in, in the transaction of the state that they come from."""
        await self.put([self._row(envelope) for envelope in envelopes], tx)

    async def put(self, rows: Sequence[Row], tx: Transaction) -> None:
        """Puts rows in as they are."""
        if rows:
            await self._rows.insert_many([row.document() for row in rows], ordered=False, session=tx)

    def _row(self, envelope: Envelope) -> Row:
        return Row(
            id=envelope.id,
            topic=self._prefix + envelope.event.topic,
            key=envelope.event.key.encode(),
            value=wire.value(envelope),
            headers=[*wire.headers(envelope)],
        )

    async def pending(self, limit: int) -> list[Row]:
        """The oldest rows still there. Natural order keeps one aggregate's rows in order, since the second
        of two writes to it begins after the first committed; a slow transaction's rows are seen once it commits.
        """
        documents = await self._rows.find({}).sort([("$natural", 1)]).limit(limit).to_list(limit)
        return [Row.of(document) for document in documents]

    async def remove(self, ids: Sequence[str]) -> None:
        """Forgets what the broker has acknowledged."""
        await self._rows.delete_many({"_id": {"$in": list(ids)}})

    async def size(self) -> int:
        """How many rows wait."""
        return await self._rows.count_documents({})
