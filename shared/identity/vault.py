"""A vault of persons: what is sealed in it, each person's under a key of their own, so that erasure is exact."""

import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic_core import to_json

from shared.identity.key_ring import NONCE_BYTES, WRAPPED_BY, KeyRing
from shared.identity.keys import derive

VERSION = 1
KEY_BYTES = 32
Identity = Mapping[str, str]
"""What is sealed of a person, as a `name`, by field."""


class Vault:
    """Seals with AES-256-GCM; without the person's own key, which is stored wrapped, nothing can be opened."""

    def __init__(self, ring: KeyRing, random: Callable[[int], bytes]) -> None:
        self.ring = ring
        self._random = random

    def seal(self, person: str, identity: Identity) -> dict[str, Any]:
        """The sealed identity of a person, as it may be stored."""
        drawn, bound_to = self._random(KEY_BYTES + 2 * NONCE_BYTES), _bound_to(person, VERSION)
        key, nonces = drawn[:KEY_BYTES], drawn[KEY_BYTES:]
        return {
            "_id": person,
            "version": VERSION,
            **self.ring.wrap(key, nonces[:NONCE_BYTES], bound_to),
            "data": _encrypt(AESGCM(key), nonces[NONCE_BYTES:], _plain(identity), bound_to),
        }

    def seal_again(self, document: Mapping[str, Any], identity: Identity) -> dict[str, Any]:
        """The sealed identity of a person who was sealed before, under the same key."""
        cipher, bound_to = AESGCM(self._key(document)), _bound_to(document["_id"], document["version"])
        return {**document, "data": _encrypt(cipher, self._random(NONCE_BYTES), _plain(identity), bound_to)}

    def mark(self, document: Mapping[str, Any], field: str, value: str) -> bytes:
        """A MAC of a person's field under a key that follows from the person's own.

        It tells whether a value was this one, and nothing more once the person's key is gone.
        """
        return hmac.digest(derive(self._key(document), "marks"), f"{field}\n{value}".encode(), "sha256")

    def open(self, document: Mapping[str, Any]) -> dict[str, str]:
        """The identity in a sealed document; raises cryptography's InvalidTag for one altered or of another person."""
        bound_to = _bound_to(document["_id"], document["version"])
        identity: dict[str, str] = json.loads(_decrypt(AESGCM(self._key(document)), document["data"], bound_to))
        return identity

    def wrap_again(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """The document with the person's same key, wrapped by the ring's current one.

        Raises Unavailable or InvalidTag, as the ring does, where it cannot be unwrapped.
        """
        bound_to = _bound_to(document["_id"], document["version"])
        bare = {name: value for name, value in document.items() if name != WRAPPED_BY}
        return {**bare, **self.ring.wrap(self._key(document), self._random(NONCE_BYTES), bound_to)}

    def prove(self, document: Mapping[str, Any]) -> None:
        """Unwraps the key in a document, and shows it to nobody; raises as `wrap_again` does."""
        self._key(document)

    def _key(self, document: Mapping[str, Any]) -> bytes:
        return self.ring.unwrap(document, _bound_to(document["_id"], document["version"]))


def _plain(identity: Identity) -> bytes:
    return to_json(dict(identity))


def _encrypt(cipher: AESGCM, nonce: bytes, plain: bytes, bound_to: bytes) -> bytes:
    return nonce + cipher.encrypt(nonce, plain, bound_to)


def _decrypt(cipher: AESGCM, sealed: bytes, bound_to: bytes) -> bytes:
    return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to)


def _bound_to(person: str, version: int) -> bytes:
    return f"{person}:{version}".encode()
