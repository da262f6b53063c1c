"""A partition's bytes: what can be read of them, and where that ends."""

import pytest
from aiokafka import TopicPartition
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from shared.messaging.record_batches import Fetched, UnreadableBatch, read

PARTITION = TopicPartition("topic", 0)


def _batch(base: int, records: int, *, spoilt: bool = False) -> bytes:
    builder = _DefaultRecordBatchBuilderPy(2, 0, 0, -1, -1, -1, 1 << 20)
    for number in range(records):
        builder.append(number, 1_600_000_000_000, b"k", b"value", [])
    data = bytearray(builder.build())
    data[:8] = base.to_bytes(8, "big")
    if spoilt:
        data[-3] ^= 0xFF
    return bytes(data)


def test_what_can_be_read_before_a_spoilt_batch_is_read() -> None:
    piece = read(Fetched(PARTITION, 3, _batch(2, 3) + _batch(9, 2, spoilt=True), ()))
    assert ([record.offset for record in piece.records], piece.next) == ([3, 4], 5)


@pytest.mark.parametrize("asked", [5, 9, 10])
def test_a_batch_that_cannot_be_read_is_passed_from_where_the_group_stands(asked: int) -> None:
    """Offsets without a record may lie before it: an operator passes the batch by the group's own offset."""
    with pytest.raises(UnreadableBatch, match="checksum") as refused:
        read(Fetched(PARTITION, asked, _batch(9, 2, spoilt=True), ()))
    assert (refused.value.first, refused.value.next) == (asked, 11)
