"""One-time codes that link an account to a pupil: derived, so that a repeated roster shows the same, stored hashed."""

import base64
import hashlib
from datetime import timedelta

BYTES, LENGTH = 9, 12
"""Of a code: 60 bits are left, too many to guess and few enough to type."""
DIGEST_BYTES = 16
"""Of a digest: twice the bits of a code, so that digests meet no sooner than codes do."""
BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
LEGIBLE = bytes.maketrans(BASE64, b"0123456789ABCDEFGHJKMNPQRSTVWXYZ" * 2)
"""Two characters become one of Crockford's base32, which has no I, L, O and U."""
CODE_LIFE = timedelta(days=30)
"""The least time that a family has for a code."""
LONGEST_CODE_LIFE = timedelta(days=400)


class Codes:
    """Writes the codes of one installation, and knows them again."""

    def __init__(self, key: bytes) -> None:
        self._hashes = {size: hashlib.blake2b(key=key, digest_size=size) for size in (BYTES, DIGEST_BYTES)}

    def text(self, participant: str, guardian: str | None = None, issued: int = 0) -> str:
        """The characters that a guardian of the pupil is handed, or the pupil: others each time they are issued."""
        kind = "account" if guardian is None else "guardian"
        owner = f"{kind}:{participant}:{guardian or ''}"
        mac = self._mac(f"{owner}:{issued}" if issued else owner, BYTES)
        return base64.b64encode(mac).translate(LEGIBLE).decode()

    def digest(self, text: str) -> bytes:
        """The digest of a code in its one form, as it is stored; without the key nothing can be tried."""
        return self._mac(text, DIGEST_BYTES)

    def _mac(self, text: str, size: int) -> bytes:
        mac = self._hashes[size].copy()
        mac.update(text.encode())
        return mac.digest()
