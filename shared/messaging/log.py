"""A partition's log below the group's consumer: its bounds, and its records as far as each of them can be read."""

import asyncio
import hashlib
import struct
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, SupportsIndex

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.consumer.fetcher import READ_COMMITTED, READ_UNCOMMITTED, PartitionRecords
from aiokafka.errors import KafkaError, LeaderNotAvailableError, for_code
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.protocol.offset import OffsetRequest
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords

from shared.messaging.poll import Record

EARLIEST, LATEST = -2, -1
"""What a request for offsets calls the two ends of a log."""
FETCH_BYTES = 1_048_576
WAIT_MS = 100
PREFERRED_REPLICA = 11
"""From this version on, an answer names a replica to read from between the aborted transactions and the records."""
LENGTH = struct.Struct(">qi")
"""A batch begins with its first offset and its length behind these two."""
MAGIC = 2


class Bounds(NamedTuple):
    """The first offset that a log still has, and the one that its next record gets.

    What an open transaction keeps from being read lies below that.
    """

    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Fetched:
    """The bytes of whole batches; the first of them may begin before the offset that was asked for."""

    partition: TopicPartition
    offset: int
    data: bytes
    aborted: Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Piece:
    """The records from an offset on; `next` is the offset behind them."""

    records: list[Record]
    next: int
    invalid: Mapping[int, str] = field(default_factory=dict)
    """Offset → why the record cannot be what it should be, though it was read."""


class UnreadableBatch(Exception):
    """Records from `first` up to and without `next` that cannot be had: the reason names no value."""

    def __init__(self, first: int, next_: int, reason: str) -> None:
        super().__init__(reason)
        self.first = first
        self.next = next_
        self.reason = reason


class Logs:
    """A connection of its own to the broker; it is opened by the first question, and again after a failure."""

    def __init__(self, bootstrap: Sequence[str]) -> None:
        self._bootstrap = list(bootstrap)
        self._client: AIOKafkaClient | None = None
        self._opening = asyncio.Lock()

    async def bounds(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, Bounds]:
        """Both ends of each log; raises KafkaError, also for a topic that is not there."""
        wanted = list(partitions)
        begins = await self._offsets(wanted, EARLIEST)
        ends = await self._offsets(wanted, LATEST)
        return {partition: Bounds(begins[partition], ends[partition]) for partition in wanted}

    async def missing(self, partitions: Iterable[TopicPartition]) -> list[TopicPartition]:
        """Returns those that are not there although their topic is, with fewer partitions."""
        wanted, client = list(partitions), await self._opened()
        for topic in {partition.topic for partition in wanted}:
            await client.add_topic(topic)
        await client.force_metadata_update()
        there = {p.topic: client.cluster.partitions_for_topic(p.topic) for p in wanted}
        return [p for p in wanted if (numbers := there[p.topic]) and p.partition not in numbers]

    async def partitions(self, topics: Iterable[str]) -> list[TopicPartition]:
        """Returns the partitions of those topics that exist, topic by topic as they are named."""
        wanted, client = list(topics), await self._opened()
        for topic in wanted:
            await client.add_topic(topic)
        await client.force_metadata_update()
        return [
            TopicPartition(topic, number)
            for topic in wanted
            for number in sorted(client.cluster.partitions_for_topic(topic) or ())
        ]

    async def fetch(self, partition: TopicPartition, offset: int, most: int = FETCH_BYTES) -> Fetched:
        """The batches from the one on that holds `offset`, about `most` bytes; raises KafkaError."""
        asked = [(partition.topic, [(partition.partition, offset, most)])]
        request = FetchRequest(WAIT_MS, 1, most, READ_COMMITTED, asked)
        answer = await self._ask(await self._leader(partition), request)
        ((_, ((_, code, *rest),)),) = answer.topics
        _must_be_well(code, partition)
        *_, aborted, _, data = rest if answer.API_VERSION >= PREFERRED_REPLICA else [*rest[:-1], None, rest[-1]]
        return Fetched(partition, offset, bytes(data or b""), aborted or ())

    async def record(self, partition: TopicPartition, offset: int) -> Record | None:
        """The record at an offset; None where the log has none there. Raises KafkaError or UnreadableBatch."""
        piece = read(await self.fetch(partition, offset, most=1), most=1)
        return next((record for record in piece.records if record.offset == offset), None)

    async def close(self) -> None:
        """Ends the connection."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _offsets(self, partitions: Sequence[TopicPartition], which: int) -> dict[TopicPartition, int]:
        asked: dict[int, dict[str, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
        for partition in partitions:
            asked[await self._leader(partition)][partition.topic].append((partition.partition, which))
        found: dict[TopicPartition, int] = {}
        for leader, topics in asked.items():
            answer = await self._ask(leader, OffsetRequest(-1, READ_UNCOMMITTED, list(topics.items())))
            for topic, rows in answer.topics:
                for number, code, *_, offset in rows:
                    _must_be_well(code, TopicPartition(topic, number))
                    found[TopicPartition(topic, number)] = offset
        return found

    async def _leader(self, partition: TopicPartition) -> int:
        client = await self._opened()
        await client.add_topic(partition.topic)
        leader = client.cluster.leader_for_partition(partition)
        if leader is None or leader < 0:
            await self.close()
            raise LeaderNotAvailableError(f"{partition.topic}:{partition.partition}")
        return int(leader)

    async def _ask(self, leader: int, request: Any) -> Any:
        client = await self._opened()
        try:
            return await client.send(leader, request)
        except KafkaError:
            await self.close()
            raise

    async def _opened(self) -> AIOKafkaClient:
        async with self._opening:
            if self._client is None:
                client = AIOKafkaClient(bootstrap_servers=self._bootstrap, request_timeout_ms=10_000)
                try:
                    await client.bootstrap()
                except BaseException:
                    await client.close()
                    raise
                self._client = client
            return self._client


def _must_be_well(code: int, partition: TopicPartition) -> None:
    if code:
        raise for_code(code)(f"{partition.topic}:{partition.partition}")


def read(fetched: Fetched, most: int | None = None) -> Piece:
    """The records from the offset on that was asked for, at most `most`, as far as they can be read one after another.

    Where the first of them cannot, its batch is read by a more patient hand. Raises UnreadableBatch where that is of no
    use either: then nobody can say what the records are.
    """
    strict = PartitionRecords(
        fetched.partition,
        MemoryRecords(fetched.data),
        fetched.aborted,
        fetched.offset,
        None,
        None,
        True,
        READ_COMMITTED,
    )
    records: list[Record] = []
    try:
        for record in strict:
            records.append(record)
            if len(records) == most:
                break
    except Exception as error:
        if not records and strict.next_fetch_offset == fetched.offset:
            return _patiently(fetched, error)
    return Piece(records, strict.next_fetch_offset)


def mark_of(record: Record) -> bytes:
    """Sixteen bytes by which a record is known again: another log has another one at its offset."""
    mark = hashlib.blake2b(digest_size=16)
    parts = [str(record.timestamp).encode(), record.key, record.value]
    parts += [part for name, content in record.headers for part in (name.encode(errors="surrogateescape"), content)]
    for part in parts:
        mark.update(b"-" if part is None else b"%d:" % len(part))
        mark.update(part or b"")
    return mark.digest()


def _patiently(fetched: Fetched, error: Exception) -> Piece:
    """The batch at the offset that was asked for, with names of headers that are no UTF-8 kept as they are."""
    batch = _batch_at(fetched)
    if batch is None:
        raise UnreadableBatch(fetched.offset, fetched.offset + 1, f"{type(error).__name__}: no batch begins here")
    where = fetched.offset, batch.next_offset  # from where the group stands, also where no record has that offset
    if batch.is_transactional and fetched.aborted:
        raise UnreadableBatch(*where, f"{type(error).__name__} within a transaction")
    try:
        if not batch.validate_crc():
            raise UnreadableBatch(*where, "its checksum is wrong")
        iter(batch)  # unpacks it
        batch._buffer = _Patient(batch._buffer)
        read_again = [record for record in batch if record.offset >= fetched.offset]
    except UnreadableBatch:
        raise
    except Exception as again:
        raise UnreadableBatch(*where, f"{type(again).__name__} in its {_codec(batch)}") from again
    records = [_consumer_record(fetched.partition, record) for record in read_again]
    named = {r.offset: "the name of a header is not UTF-8" for r in records if any(map(_is_odd, dict(r.headers)))}
    return Piece(records, batch.next_offset, named)


def _batch_at(fetched: Fetched) -> _DefaultRecordBatchPy | None:
    """The batch that holds the offset that was asked for, if the bytes have it whole and in today's format."""
    data, position = fetched.data, 0
    while len(data) >= position + LENGTH.size:
        _, length = LENGTH.unpack_from(data, position)
        end = position + LENGTH.size + length
        if length < _DefaultRecordBatchPy.HEADER_STRUCT.size - LENGTH.size or end > len(data):
            return None
        batch = _DefaultRecordBatchPy(data[position:end])
        if batch.next_offset > fetched.offset:
            return batch if batch.magic == MAGIC else None
        position = end
    return None


def _codec(batch: _DefaultRecordBatchPy) -> str:
    names = {0: "records", 1: "gzip", 2: "snappy", 3: "lz4", 4: "zstd"}
    return names.get(batch.compression_type, f"codec {batch.compression_type}")


def _is_odd(name: str) -> bool:
    return any("\udc80" <= character <= "\udcff" for character in name)


def _consumer_record(partition: TopicPartition, record: Any) -> Record:
    return ConsumerRecord(
        partition.topic,
        partition.partition,
        record.offset,
        record.timestamp,
        record.timestamp_type,
        record.key,
        record.value,
        record.checksum,
        -1 if record.key is None else len(record.key),
        -1 if record.value is None else len(record.value),
        tuple(record.headers),
    )


class _Patient(bytearray):
    """Bytes whose pieces become text whatever they hold: what is no UTF-8 stays in it as lone surrogates."""

    def __getitem__(self, place: SupportsIndex | slice) -> Any:
        found = super().__getitem__(place)
        return _Patient(found) if isinstance(found, bytearray) else found

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return super().decode(encoding, "surrogateescape")
