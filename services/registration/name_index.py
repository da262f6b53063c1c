"""Marks by which a child is found without a name."""

import hmac

from shared.identity.keys import derive

MARK_BYTES = 16
Child = tuple[str, str]
"""A name without regard to case, Ё, spaces and signs, and a birth date."""


class NameIndex:
    """Finds a child by name and birth date within a region, without a name in it.

    A keyed hash lies beside the sealed identity and goes with it; without the master key nothing can be tried.
    """

    def __init__(self, master_key: bytes) -> None:
        self._key = derive(master_key, "names")
        self._of_days = derive(master_key, "majorities")

    def mark(self, region: str, child: Child) -> bytes:
        """The mark of a child in a region."""
        name, birth_date = child
        return hmac.digest(self._key, f"{region}\n{name}\n{birth_date}".encode(), "sha256")[:MARK_BYTES]

    def day_mark(self, day: str) -> bytes:
        """The mark of a day on which children come of age, the same in all regions."""
        return hmac.digest(self._of_days, day.encode(), "sha256")[:MARK_BYTES]
