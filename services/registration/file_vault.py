"""Files that hold names, sealed in pieces while they are worked on: each file under a key of its own."""

from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.identity.keys import derive

KEY_BYTES, NONCE_BYTES = 32, 12


class FileVault:
    """Seals with AES-256-GCM; a piece opens in its own place of its own file alone."""

    def __init__(self, master_key: bytes, random: Callable[[int], bytes]) -> None:
        self._wrapping = AESGCM(derive(master_key, "files"))
        self._random = random

    def new_key(self, file: str) -> bytes:
        """A file's key, wrapped, as it may be stored; with it goes all that it has sealed."""
        return self._encrypt(self._wrapping, self._random(KEY_BYTES), file)

    def seal(self, file: str, key: bytes, place: str, plain: bytes) -> bytes:
        """A piece as it may be stored; `place` tells it from the others of its file."""
        return self._encrypt(self._opened(file, key), plain, f"{file}/{place}")

    def open(self, file: str, key: bytes, place: str, sealed: bytes) -> bytes:
        """The piece again; raises cryptography's InvalidTag for one that was altered, or of another place."""
        return _decrypt(self._opened(file, key), sealed, f"{file}/{place}")

    def _opened(self, file: str, key: bytes) -> AESGCM:
        return AESGCM(_decrypt(self._wrapping, key, file))

    def _encrypt(self, cipher: AESGCM, plain: bytes, bound_to: str) -> bytes:
        nonce = self._random(NONCE_BYTES)
        return nonce + cipher.encrypt(nonce, plain, bound_to.encode())


def _decrypt(cipher: AESGCM, sealed: bytes, bound_to: str) -> bytes:
    return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to.encode())
