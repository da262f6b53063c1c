"""The ring of keys that wrap persons' keys: the current one wraps, each opens what it has wrapped."""

from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.base.errors import Unavailable
from shared.base.named_keys import DERIVED, NamedKey
from shared.base.settings import Settings
from shared.identity.keys import derive

NONCE_BYTES = 12
WRAPPED_BY = "wrapped_by"
"""The field beside a wrapped key with the id of the one that wrapped it; it is absent for the derived one."""
VAULT = "vault"
"""The purpose of registration's."""
ABSENT = "a person's key was wrapped by {}, which VAULT_KEYS lacks"


class KeyRing:
    """Wraps with AES-256-GCM; the derived key is in every ring, so that what it has wrapped opens for ever."""

    def __init__(self, master_key: bytes, keys: Sequence[NamedKey] = (), purpose: str = VAULT) -> None:
        """`purpose` tells its keys from those of other vaults under the same master key, or with the same named ones.

        The first vault's are used as they are named.
        """
        derived = derive(master_key, purpose)
        self.ids = tuple(dict.fromkeys([*(each.id for each in keys), DERIVED]))
        """The current one first."""
        self._ciphers = {DERIVED: AESGCM(derived), **{each.id: AESGCM(_of(each, purpose) or derived) for each in keys}}

    @classmethod
    def of(cls, settings: Settings) -> "KeyRing":
        """Returns the ring of a process."""
        return cls(settings.master_key, settings.vault_keys)

    @property
    def current(self) -> str:
        """The id of the key that wraps."""
        return self.ids[0]

    def wrap(self, key: bytes, nonce: bytes, bound_to: bytes) -> dict[str, Any]:
        """Returns a wrapped key as it may be stored: `key`, and `wrapped_by` unless that is the derived one."""
        wrapped = {"key": nonce + self._ciphers[self.current].encrypt(nonce, key, bound_to)}
        return wrapped if self.current == DERIVED else {**wrapped, WRAPPED_BY: self.current}

    def unwrap(self, document: Mapping[str, Any], bound_to: bytes) -> bytes:
        """Returns the key in a document; raises Unavailable where the ring lacks the key that wrapped it.

        Raises InvalidTag for one that was altered, or wrapped by another key of this id.
        """
        id, sealed = wrapped_by(document), document["key"]
        cipher = self._ciphers.get(id)
        if cipher is None:
            raise Unavailable(ABSENT.format(id))
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to)


def wrapped_by(document: Mapping[str, Any]) -> str:
    """Returns the id of the key that wrapped the one in a document."""
    id: str = document.get(WRAPPED_BY, DERIVED)
    return id


def _of(named: NamedKey, purpose: str) -> bytes:
    return derive(named.key, purpose) if named.key and purpose != VAULT else named.key
