"""Records out of a log's bytes: as far as each of them can be read, one batch after the other."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, SupportsIndex

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED, PartitionRecords
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords

from shared.messaging.poll import Record

LENGTH = struct.Struct(">qi")
"""A batch begins with its first offset and its length behind these two."""
MAGIC = 2


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
