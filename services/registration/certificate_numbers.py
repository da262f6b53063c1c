"""The numbers by which strangers verify certificates: sealed, so that nobody can make one or read whose it is."""

import base64
import binascii
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from shared.identity.keys import derive


class Certified(NamedTuple):
    """One recommendation of a pupil, to which a certificate belongs."""

    participant: str
    season: str
    recommendation: str


class CertificateNumbers:
    """Writes the numbers of one installation, and reads them again: none is stored.

    The key follows from the master key. The cipher is deterministic (RFC 5297), so that a certificate that is fetched
    twice has one number.
    """

    def __init__(self, master_key: bytes) -> None:
        self._cipher = AESSIV(derive(master_key, "certificates"))

    def write(self, of: Certified) -> str:
        """Returns the number of a certificate, for an address."""
        sealed = self._cipher.encrypt("/".join(of).encode(), None)
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def read(self, number: str) -> Certified | None:
        """Returns what a number stands for; None for one that was not written here."""
        try:
            sealed = base64.urlsafe_b64decode(number + "=" * (-len(number) % 4))
            return Certified(*self._cipher.decrypt(sealed, None).decode().split("/"))
        except (InvalidTag, ValueError, TypeError, binascii.Error):
            return None
