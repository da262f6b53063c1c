"""The outbox on a real database and broker: a document a commit, in order, forgotten only once all of it arrived."""

from collections.abc import Callable, Sequence
from typing import Any

import bson
import pytest
import pytest_asyncio
from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError

from shared.contracts import topics, wire
from shared.messaging import kafka
from shared.messaging.kafka import TopicPartition
from shared.messaging.published import Marks, Told
from shared.messaging.relay import Acknowledged, Publisher, Relay
from shared.runtime.service import PLATFORM_COLLECTIONS, Platform
from shared.storage.mongo import Transaction
from shared.storage.outbox import DOCUMENTS_A_READ, MOST_BYTES, MOST_ROWS, Row, Waiting
from tests.builders.events import enveloped, registered
from tests.drivers.consumers import read_all, relay_once

ENOUGH = 1_000


@pytest_asyncio.fixture(loop_scope="session")
async def platform(platform_of: Callable[..., Platform]) -> Platform:
    made = platform_of("registration")
    await made.mongo.ensure(PLATFORM_COLLECTIONS)
    return made


def row(id: str, key: str = "k", value: bytes | None = b"{}", **headers: bytes | None) -> Row:
    return Row(id, "topic", key.encode(), value, [*headers.items()])


async def commit(platform: Platform, *rows: Row) -> None:
    await platform.mongo.transact(lambda tx: platform.outbox.put(rows, tx))


async def documents(platform: Platform) -> list[list[str]]:
    """The ids of the rows of each document."""
    return [[r.id for r in waiting.rows] for waiting in await platform.outbox.pending(ENOUGH)]


async def test_a_commit_is_one_document_and_comes_back_as_it_was(platform: Platform) -> None:
    odd = Row("odd", "topic", b"\xff", None, [("again", b"\xff\x00"), ("again", b""), ("none", None), ("имя", b"1")])
    await commit(platform, row("a1"), odd, row("a2", ce_id=b"a2"))
    await commit(platform, row("a3"))
    assert await platform.outbox.pending(ENOUGH) == [
        Waiting("a1", [row("a1"), odd, row("a2", ce_id=b"a2")]),
        Waiting("a3", [row("a3")]),
    ]
    assert await platform.outbox.size() == 4
    await platform.outbox.remove(["a1"])
    assert (await documents(platform), await platform.outbox.size()) == ([["a3"]], 1)


async def test_documents_stay_small_however_large_a_commit_is(platform: Platform) -> None:
    large = [row(f"r{i:03d}", value=bytes(65_536), header=bytes(10_000)) for i in range(20)]
    many = [row(f"s{i:03d}") for i in range(2 * MOST_ROWS + 1)]
    alone = row("t", value=bytes(2 * MOST_BYTES))
    await commit(platform, *large, alone, *many)
    stored = await platform.mongo["outbox"].find({}).to_list(None)
    sizes = [len(bson.encode(document)) for document in stored if document["_id"] != "t"]
    assert max(sizes) < 1.1 * MOST_BYTES
    assert max(len(document["rows"]) for document in stored) == MOST_ROWS
    assert [id for ids in await documents(platform) for id in ids] == [r.id for r in (*large, alone, *many)]


async def test_a_poll_takes_whole_documents_until_it_has_enough(platform: Platform) -> None:
    for i in range(60):
        await commit(platform, row(f"{i:02d}a"), row(f"{i:02d}b"))
    for enough, taken in ((1, 1), (2, 1), (3, 2), (80, 40), (ENOUGH, 60)):
        found = await platform.outbox.pending(enough)
        assert [waiting.id for waiting in found] == [f"{i:02d}a" for i in range(taken)]


async def test_the_same_events_twice_are_an_error(platform: Platform) -> None:
    await commit(platform, row("a1"), row("a2"))
    with pytest.raises(BulkWriteError):
        await commit(platform, row("a1"), row("a2"))
    assert await documents(platform) == [["a1", "a2"]]


async def test_a_slow_commit_is_seen_once_it_has_committed(platform: Platform) -> None:
    async def slow(tx: Transaction) -> None:
        await platform.outbox.put([row("slow")], tx)
        await commit(platform, row("fast"))
        assert await documents(platform) == [["fast"]]

    await platform.mongo.transact(slow)
    assert await documents(platform) == [["slow"], ["fast"]]


async def test_of_two_writes_of_one_aggregate_the_second_is_never_seen_alone(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first, still uncommitted, lies in a part that has been read when both commit; the second lies behind it."""
    read = Row.of
    with MongoClient[dict[str, Any]](platform.settings.mongo_url) as client, client.start_session() as first:
        outbox = client[platform.settings.database("registration")]["outbox"]

        def insert(id: str, session: ClientSession | None = None) -> None:
            outbox.insert_one({"_id": id, "rows": [row(id).stored()]}, session=session)

        def meanwhile(stored: Sequence[Any]) -> Row:
            if first.in_transaction:
                first.commit_transaction()
                insert("second")
            return read(stored)

        first.start_transaction()
        insert("first", first)
        for number in range(3 * DOCUMENTS_A_READ):
            insert(f"other{number}")
        monkeypatch.setattr(Row, "of", meanwhile)
        seen = [waiting.id for waiting in await platform.outbox.pending(ENOUGH)]
        assert not first.in_transaction
    assert ("second" in seen) <= ("first" in seen)
    monkeypatch.undo()
    assert {"first", "second"} <= {waiting.id for waiting in await platform.outbox.pending(ENOUGH)}


async def test_every_key_arrives_in_order(platform: Platform) -> None:
    pupils = [f"p{i}" for i in range(40)]
    for sequence in range(1, 31):
        envelopes = [enveloped(registered(pupil), sequence) for pupil in pupils]
        await platform.mongo.transact(lambda tx, e=envelopes: platform.outbox.add(e, tx))  # type: ignore[misc]
    await relay_once(platform)
    assert await platform.outbox.size() == 0
    topic = platform.settings.kafka_topic_prefix + topics.REGISTRATION_EVENTS.name
    arrived = [wire.read(record.headers, record.value) for record in await read_all(platform.settings, topic)]
    for pupil in pupils:
        assert [int(e.sequence) for e in arrived if e.subject == pupil] == list(range(1, 31))


async def test_a_relay_marks_how_far_its_own_topics_are_known(platform: Platform) -> None:
    prefix = platform.settings.kafka_topic_prefix
    events, letters = prefix + topics.REGISTRATION_EVENTS.name, topics.dead_letters(f"{prefix}registration.steps")
    envelopes = [enveloped(registered(f"m{i}")) for i in range(20)]
    await platform.mongo.transact(lambda tx: platform.outbox.add(envelopes, tx))
    await commit(platform, Row("letter", letters, b"position", b"{}", []))
    await relay_once(platform)
    ends = await kafka.end_offsets(platform.settings.bootstrap, [events, letters])
    own = {partition: end for partition, end in ends.items() if partition.topic == events}
    marks = Marks(platform.mongo)
    assert await marks.read(own) == own
    assert await marks.read(ends) == {**dict.fromkeys(ends, 0), **own}, "letters are nobody's state"
    await marks.lift(dict.fromkeys(own, 0))
    assert await marks.read(own) == own, "a mark never goes back"


class Flawed(Publisher):
    """A broker that refuses a row once, and with it what follows of its key."""

    def __init__(self, refused: str) -> None:
        super().__init__([])
        self.refused = refused
        self.sent: list[str] = []

    async def publish(self, rows: Sequence[Row]) -> list[Acknowledged | None]:
        ids = [r.id for r in rows]
        self.sent += ids
        there = [Acknowledged(TopicPartition(r.topic, 0), number) for number, r in enumerate(rows)]
        if self.refused not in ids:
            return [*there]
        at, self.refused = ids.index(self.refused), ""
        return [place if i < at or rows[i].key != rows[at].key else None for i, place in enumerate(there)]


async def test_what_was_not_acknowledged_stays_with_all_that_has_to_follow_it(platform: Platform) -> None:
    await commit(platform, row("a1", "a"), row("b1", "b"))
    await commit(platform, row("c1", "c"))
    await commit(platform, row("a2", "a"))
    await commit(platform, row("b2", "b"))
    publisher = Flawed("b1")
    told = Told(Marks(platform.mongo), platform.outbox.topics)
    relay = Relay(platform.outbox, publisher, platform.lease("relay"), platform.metrics, told)
    assert await relay.step() == 1
    assert await documents(platform) == [["a1", "b1"], ["a2"], ["b2"]]
    assert await relay.step() == 4
    assert publisher.sent == ["a1", "b1", "c1", "a2", "b2", "a1", "b1", "a2", "b2"]
    assert (await relay.step(), await relay.waits()) == (0, False)


async def test_what_cannot_be_sent_holds_back_its_own_key_alone(platform: Platform) -> None:
    topic = platform.settings.kafka_topic_prefix + topics.REGISTRATION_EVENTS.name
    too_large = Row("huge1", topic, b"huge", bytes(2 * kafka.RECORD_BYTES), [])
    others = [Row(f"{key}{n}", topic, key.encode(), b"{}", []) for key in ("a", "b") for n in (1, 2)]
    await commit(platform, too_large)
    await commit(platform, *others)
    relay = platform.relay()
    assert await relay.step() == len(others)
    await relay.close()
    assert await documents(platform) == [["huge1"]]
    assert sorted(r.key for r in await read_all(platform.settings, topic)) == [b"a", b"a", b"b", b"b"]


async def test_the_largest_record_of_a_topic_fits_into_its_dead_letter(platform: Platform) -> None:
    prefix = platform.settings.kafka_topic_prefix
    events, letters = prefix + topics.REGISTRATION_EVENTS.name, topics.dead_letters(f"{prefix}registration.steps")
    largest = bytes(1_048_588 - 200)  # the broker's default bound, less what surrounds a value
    await commit(platform, Row("largest", events, b"k", largest, []))
    position, reason = ("dlq_position", bytes(100)), ("dlq_reason", bytes(2_000))
    await commit(platform, Row("letter", letters, b"position", largest, [position, reason]))
    await relay_once(platform)
    assert await platform.outbox.size() == 0
    assert [len(r.value or b"") for r in await read_all(platform.settings, letters)] == [len(largest)]
