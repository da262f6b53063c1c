"""A file that lies in sealed pieces, to be read anywhere as any other: of it a few pieces are in memory."""

import io
from collections import OrderedDict
from collections.abc import Callable

from typing_extensions import Buffer

MOST_HELD = 4
"""Pieces in memory: a workbook is read in several places by turns."""


class SealedSource(io.RawIOBase):
    """Reads pieces of one size, but for the last, by their numbers."""

    def __init__(self, fetch: Callable[[int], bytes], size: int, piece: int) -> None:
        super().__init__()
        self.failure: Exception | None = None
        """The last error of `fetch`: whoever reads may take it for a fault of the file."""
        self._fetch = fetch
        self._size = size
        self._piece = piece
        self._at = 0
        self._held: OrderedDict[int, bytes] = OrderedDict()

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def tell(self) -> int:
        """The place from which is read next."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Goes to another place."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Buffer, /) -> int:
        """Reads to the end of a piece at most."""
        view = memoryview(buffer).cast("B")
        if self._at >= self._size or not view:
            return 0
        number, begin = divmod(self._at, self._piece)
        part = self._of(number)[begin : begin + len(view)]
        view[: len(part)] = part
        self._at += len(part)
        return len(part)

    def _of(self, number: int) -> bytes:
        if number in self._held:
            self._held.move_to_end(number)
            return self._held[number]
        try:
            found = self._held[number] = self._fetch(number)
        except Exception as error:
            self.failure = error
            raise
        if len(self._held) > MOST_HELD:
            self._held.popitem(last=False)
        return found
