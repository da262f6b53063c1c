"""Randomness for ids and keys, drawn from the system a page at a time: a roster needs a hundred pieces of it."""

import base64
from collections.abc import Callable

PAGE_BYTES = 4_096
ID_BYTES = 12


class Entropy:
    """Hands out each random byte once; not for use by several threads."""

    def __init__(self, source: Callable[[int], bytes]) -> None:
        self._source = source
        self._page = b""
        self._used = 0

    def draw(self, count: int) -> bytes:
        """Random bytes, at most a page of them."""
        if self._used + count > len(self._page):
            self._page, self._used = self._source(PAGE_BYTES), 0
        start, self._used = self._used, self._used + count
        return self._page[start : self._used]

    def id(self) -> str:
        """A random id of 16 characters."""
        return base64.urlsafe_b64encode(self.draw(ID_BYTES)).decode()
