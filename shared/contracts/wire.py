"""CloudEvents 1.0 on the wire: Kafka's binary mode (`ce_*` headers, JSON value) and the JSON form of a feed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from pydantic import ValidationError

from shared.contracts.event import Envelope
from shared.contracts.topics import EVENTS

Headers = Sequence[tuple[str, bytes | None]]
SEQUENCE_DIGITS = 10
LARGEST = 1_000_000
"""Bytes of an event's headers and value. A broker takes somewhat more of a record, but counts it as it was packed: what
is larger could be handled, and then neither stored, nor kept for later, nor published in a feed."""
REQUIRED = ("ce_id", "ce_source", "ce_type", "ce_subject", "ce_time", "ce_recordedtime", "ce_sequence")


NAMES = frozenset(REQUIRED)


class InvalidMessage(Exception):
    """A record that can never be read; its text is the reason and never holds the record's values."""


def headers(envelope: Envelope) -> list[tuple[str, bytes]]:
    """The record's headers: CloudEvents attributes with the extensions `sequence` and `recordedtime`."""
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", envelope.id.encode()),
        ("ce_source", envelope.source.encode()),
        ("ce_type", envelope.event.type.encode()),
        ("ce_subject", envelope.subject.encode()),
        ("ce_time", envelope.time.isoformat().encode()),
        ("ce_recordedtime", envelope.recordedtime.isoformat().encode()),
        ("ce_sequence", envelope.sequence.encode()),
        ("content-type", b"application/json"),
    ]


def value(envelope: Envelope) -> bytes:
    """The record's value: the event's fields as JSON."""
    return envelope.event.model_dump_json().encode()


def read(record_headers: Headers, record_value: bytes | None) -> Envelope:
    """The envelope of a record; raises InvalidMessage with a reason that repeats no value."""
    size = size_of(record_headers, record_value)
    if size > LARGEST:
        raise InvalidMessage(f"it has {size} bytes, an event has at most {LARGEST}")
    attributes = _attributes(record_headers)
    event_type = EVENTS.get(attributes["ce_type"])
    if event_type is None:
        raise InvalidMessage("unknown event type")
    if record_value is None:
        raise InvalidMessage("no value")
    try:
        event = event_type.read(record_value)
    except ValidationError as error:
        where = ", ".join(
            ".".join(map(str, e["loc"])) + f": {e['type']}"
            for e in error.errors(include_url=False, include_input=False, include_context=False)
        )
        raise InvalidMessage(f"{event_type.type} does not match its schema: {where}") from None
    return Envelope(
        id=attributes["ce_id"],
        source=attributes["ce_source"],
        subject=attributes["ce_subject"],
        sequence=_sequence(attributes["ce_sequence"]),
        time=_instant(attributes, "ce_time"),
        recordedtime=_instant(attributes, "ce_recordedtime"),
        event=event,
    )


def size_of(record_headers: Headers, record_value: bytes | None) -> int:
    """Bytes of a record's headers and value; names of headers count by characters."""
    return len(record_value or b"") + sum(map(len, filter(None, chain.from_iterable(record_headers))))


def _attributes(record_headers: Headers) -> Mapping[str, str]:
    try:
        attributes = {name: content.decode() for name, content in record_headers if content is not None}
    except UnicodeDecodeError:
        raise InvalidMessage("a header is not UTF-8") from None
    if not attributes.keys() >= NAMES:
        missing = [name for name in REQUIRED if name not in attributes]
        raise InvalidMessage(f"header missing or null: {', '.join(missing)}")
    return attributes


def _sequence(text: str) -> str:
    """Compared as text, so that any other would be newer or older than all there are."""
    if len(text) != SEQUENCE_DIGITS or not (text.isascii() and text.isdecimal()):
        raise InvalidMessage(f"ce_sequence is not {SEQUENCE_DIGITS} digits")
    return text


def _instant(attributes: Mapping[str, str], name: str) -> datetime:
    try:
        instant = datetime.fromisoformat(attributes[name])
    except ValueError:
        raise InvalidMessage(f"{name} is not a time") from None
    offset = instant.utcoffset()
    if offset is None:
        raise InvalidMessage(f"{name} has no offset")
    # RFC 3339 has no seconds in an offset: what is stored with some cannot be read back.
    if offset.seconds % 60 or offset.microseconds:
        raise InvalidMessage(f"{name} has an offset that is not of whole minutes")
    return instant


def as_json(envelope: Envelope, data: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON form of an envelope around `data`, its event's fields as they may be shown."""
    return {
        "specversion": "1.0",
        "id": envelope.id,
        "source": envelope.source,
        "type": envelope.event.type,
        "subject": envelope.subject,
        "time": envelope.time.isoformat(),
        "recordedtime": envelope.recordedtime.isoformat(),
        "sequence": envelope.sequence,
        "datacontenttype": "application/json",
        "data": dict(data),
    }
