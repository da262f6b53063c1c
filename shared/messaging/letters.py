"""Dead letters: records as they were, put aside with the reason through the outbox of who could not use them."""

from shared.contracts import topics, wire
from shared.messaging.kafka import RECORD_BYTES
from shared.messaging.poll import Record, position_of, text_of
from shared.storage.outbox import Row

LARGEST = RECORD_BYTES - 64 * 1024
"""Bytes of a record's headers and value, so that what is said of it has room beside them."""
POSITION, REASON = "dlq_position", "dlq_reason"


def dead_letter(group: str, record: Record, reason: str) -> Row:
    """The record under its position, with the reason beside it; one that is too large to be sent stays where it is."""
    position = text_of(position_of(record))
    value, headers = record.value, [(_written_out(name), content) for name, content in record.headers]
    size = wire.size_of(record.headers, value)
    if size > LARGEST:
        value, headers, reason = None, [], f"{reason}; its {size} bytes are in its own topic alone, a letter has fewer"
    said = [(POSITION, position.encode()), (REASON, reason.encode(errors="backslashreplace"))]
    return Row(
        id=f"{group}:{position}",
        topic=topics.dead_letters(group),
        key=position.encode(),
        value=value,
        headers=[*headers, *said],
    )


def _written_out(name: str) -> str:
    r"""The name of a header as text that can be sent: bytes that are no UTF-8 are written as `\xff`."""
    return name.encode(errors="surrogateescape").decode(errors="backslashreplace")
