"""One-time codes that link an account to a pupil: derived, so that a repeated roster shows the same, stored hashed."""

import base64
import hashlib
from dataclasses import dataclass
from typing import Literal

CodeKind = Literal["guardian", "account"]
BYTES, LENGTH = 9, 12
"""Of a code: 60 bits are left, too many to guess and few enough to type."""
BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
LEGIBLE = bytes.maketrans(BASE64, b"0123456789ABCDEFGHJKMNPQRSTVWXYZ" * 2)
"""Two characters become one of Crockford's base32, which has no I, L, O and U."""


@dataclass(frozen=True, slots=True)
class LinkCode:
    """Whom a code stands for; whether it was redeemed is the participant's to say."""

    kind: CodeKind
    participant: str
    guardian: str | None = None


class Codes:
    """Writes the codes of one installation."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def text(self, code: LinkCode) -> str:
        """The characters that a person is handed."""
        whom = f"{code.kind}:{code.participant}:{code.guardian or ''}".encode()
        mac = hashlib.blake2b(whom, key=self._key, digest_size=BYTES).digest()
        return base64.b64encode(mac).translate(LEGIBLE).decode()


def digest(text: str) -> str:
    """What is stored of a code, whichever way its characters were typed."""
    plain = "".join(filter(str.isalnum, text)).upper()
    return hashlib.sha256(plain.encode()).hexdigest()
