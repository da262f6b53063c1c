"""Words that stand where a cursor is expected: broken, deep, huge, of another make, of another list."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from typing import Any


def word(content: str | bytes) -> str:
    """The text of a cursor with such a content, as JSON would be in it."""
    raw = content if isinstance(content, bytes) else content.encode()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def forged(*parts: Any) -> str:
    """A cursor with these parts."""
    return word(json.dumps(parts))


WRONG: Sequence[str] = (
    "!",
    "ключ",
    "0",
    "null",
    "1.2",
    "-1",
    "%00",
    "\ufffd",
    "x" * 5_000,
    word(b"\xff\xfe\x00"),
    word("[" * 3_000),
    word('{"a":' * 700),
    word(f"[{'9' * 4_400}]"),
    word('["\\ud800"]'),
    word("NaN"),
    word("{}x"),
    forged(),
    forged("AAAAAAAA", "x"),
    forged("AAAAAAAA", {"$gt": ""}),
    forged("AAAAAAAA", 2**70),
    word(json.dumps({"p": 2**64})),
    word(json.dumps({"": 7})),
)
"""No list gives one of these."""
