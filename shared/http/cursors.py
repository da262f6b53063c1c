"""Cursors: where a reader of a list goes on, as an opaque word; what is inside is read with distrust. Pure."""

import base64
import binascii
import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from shared.base.errors import BadInput, ServiceError

LONGEST = 16_384
"""Characters of a cursor: that of an inbox names every child of a family."""
LARGEST = 2**63 - 1
"""The largest number that the database can compare with."""


class CursorAhead(ServiceError):
    """The cursor lies behind the last number that was given: the numbering that it belongs to is lost."""

    slug, status = "cursor-ahead", 410


def encode(value: Any) -> str:
    """A JSON value as a word that an address and a header can hold."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def decode(word: str) -> Any:
    """The JSON value of a word; None for any text that `encode` does not make."""
    if len(word) > LONGEST:
        return None
    try:
        raw = word.rstrip("=").encode("ascii")
        value = json.loads(base64.b64decode(raw + b"=" * (-len(raw) % 4), altchars=b"-_", validate=True).decode())
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()  # no half of a surrogate pair, no infinity
    except (ValueError, binascii.Error, RecursionError):
        return None
    return value


def is_number(value: object) -> bool:
    """Tells a part of a cursor that is a whole number which a list can have."""
    return type(value) is int and 0 <= value <= LARGEST


def mark(name: str, narrowed_by: Mapping[str, str | None]) -> str:
    """The sign of one list under one filter: its cursors carry it, and no other list takes them."""
    text = json.dumps([name, sorted(narrowed_by.items())], ensure_ascii=False)
    return base64.urlsafe_b64encode(sha256(text.encode()).digest()[:6]).decode()


def refused(field: str) -> BadInput:
    """The refusal of a cursor."""
    return BadInput.field(field, "is not a cursor that this list gave under this filter")
