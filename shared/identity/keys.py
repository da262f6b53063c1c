"""Keys derived from the master key, one per purpose (HKDF-SHA256, RFC 5869), and keyed hashes made with them."""

import base64
import hashlib
import hmac

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def derive(master: bytes, purpose: str) -> bytes:
    """32 bytes for one purpose; neither the master key nor another purpose's key follows from them."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"bilet/{purpose}".encode()).derive(master)


def keyed_id(key: bytes, text: str) -> str:
    """A stable opaque id of 22 characters (128 bits): who lacks the key can neither make nor reverse it."""
    return base64.urlsafe_b64encode(hmac.digest(key, text.encode(), hashlib.sha256)[:16]).rstrip(b"=").decode()
