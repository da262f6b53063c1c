"""Keys with ids, as the environment writes a ring of them: the first is the current one."""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import BeforeValidator
from pydantic_settings import NoDecode

DERIVED = "derived"
"""The id of the key that follows from the master key: it is in every ring, and named only to say where it stands."""
KEY_BYTES = 32
ID = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")
MOST = 20


@dataclass(frozen=True, slots=True)
class NamedKey:
    """A key and its id; the derived one has no bytes here."""

    id: str
    key: bytes = field(default=b"", repr=False)


def key_of(text: str) -> bytes:
    """Returns the 32 bytes that a text in base64 stands for; raises ValueError for another text."""
    with_bytes = base64.b64decode(text, validate=True)
    if len(with_bytes) != KEY_BYTES:
        raise ValueError("must be 32 bytes in base64")
    return with_bytes


def parse(text: object) -> object:
    """Returns the keys of a text `id:base64,id:base64`; raises ValueError, which repeats nothing of it but an id."""
    if not isinstance(text, str):
        return text
    keys = tuple(_keys(text)) if text.strip() else ()
    if len({each.id for each in keys}) < len(keys) or len({each.key for each in keys}) < len(keys):
        raise ValueError("each id and each key may stand there once")
    if len(keys) > MOST:
        raise ValueError(f"at most {MOST} keys")
    return keys


def _keys(text: str) -> Iterator[NamedKey]:
    for number, part in enumerate(text.split(","), 1):
        id, colon, encoded = part.strip().partition(":")
        if ID.fullmatch(id) is None or bool(colon) is (id == DERIVED):
            raise ValueError(f"entry {number} must be id:base64, with an id of a-z, 0-9, . _ and -, or {DERIVED} alone")
        try:
            yield NamedKey(id, key_of(encoded) if colon else b"")
        except (ValueError, binascii.Error):
            raise ValueError(f"the key {id} must be 32 bytes in base64") from None


NamedKeys = Annotated[tuple[NamedKey, ...], NoDecode, BeforeValidator(parse)]
"""A ring of keys that the environment writes `id:base64,id:base64`."""
