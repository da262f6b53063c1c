"""Dead letters: records as they were, put aside with the reason through the outbox of who could not use them."""

from shared.contracts import topics
from shared.outbox import Row
from shared.poll import Position, Record, position_of

POSITION, REASON = "dlq_position", "dlq_reason"


def dead_letter(group: str, record: Record, reason: str) -> Row:
    """The record under its position, with the reason beside it."""
    position = text_of(position_of(record))
    headers = [(_written_out(name), content) for name, content in record.headers]
    said = [(POSITION, position.encode()), (REASON, reason.encode(errors="backslashreplace"))]
    return Row(
        id=f"{group}:{position}",
        topic=topics.dead_letters(group),
        key=position.encode(),
        value=record.value,
        headers=[*headers, *said],
    )


def text_of(position: Position) -> str:
    """`topic:partition:offset`"""
    topic, partition, offset = position
    return f"{topic}:{partition}:{offset}"


def _written_out(name: str) -> str:
    r"""The name of a header as text that can be sent: bytes that are no UTF-8 are written as `\xff`."""
    return name.encode(errors="surrogateescape").decode(errors="backslashreplace")
