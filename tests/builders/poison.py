"""Records that no consumer can read: a valid one, spoilt in one way each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from shared.contracts import wire
from shared.contracts.event import Envelope


@dataclass(frozen=True)
class Poison:
    """How a valid record is spoilt, and what it is put aside for."""

    reason: str
    value: Callable[[bytes], bytes | None] = bytes
    """From the valid value; unchanged where nothing else is said."""
    headers: Mapping[str, bytes | None] = field(default_factory=dict)

    def spoil(self, envelope: Envelope) -> tuple[bytes | None, list[tuple[str, bytes | None]]]:
        """Value and headers of the record that was to hold the event."""
        headers = [(name, self.headers.get(name, content)) for name, content in wire.headers(envelope)]
        return self.value(wire.value(envelope)), headers


POISON: Mapping[str, Poison] = {
    "not JSON": Poison("json_invalid", value=lambda _: b"{"),
    "wrong schema": Poison("missing", value=lambda _: b'{"neither": "this nor that"}'),
    "no value": Poison("no value", value=lambda _: None),
    "null header": Poison("header missing or null: ce_type", headers={"ce_type": None}),
    "non-UTF-8 header": Poison("a header is not UTF-8", headers={"ce_type": b"\xff\xfe"}),
    "unknown type": Poison("unknown event type", headers={"ce_type": b"participant.abducted.v1"}),
    "no time": Poison("ce_time is not a time", headers={"ce_time": b"yesterday"}),
    "seconds in an offset": Poison(
        "offset that is not of whole minutes", headers={"ce_time": b"2020-09-14T10:00+03:00:30"}
    ),
    "too large": Poison("bytes, an event has at most", value=lambda v: v[:-1] + b" " * 1_000_000 + b"}"),
    "no offset": Poison("ce_time has no offset", headers={"ce_time": b"2020-09-14T10:00:00"}),
}


def with_newer_field(envelope: Envelope) -> bytes:
    """The event's value as a newer minor version of its contract would write it."""
    return wire.value(envelope)[:-1] + b',"favourite_colour":"green"}'
