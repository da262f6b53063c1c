"""Rules that no longer change once they are in use, kept in memory."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Generic, TypeVar

from shared.storage.mongo import Transaction

T = TypeVar("T")
KEPT_SECONDS = 60.0
"""For which rules are kept in memory."""


class Fixed(Generic[T]):
    """Rules that are kept in memory once they are in use: from then on they no longer change, but for added words."""

    def __init__(
        self,
        read: Callable[[Iterable[str], Transaction], Awaitable[dict[str, T]]],
        is_fixed: Callable[[T], bool],
        monotonic: Callable[[], float],
    ) -> None:
        self._read = read
        self._is_fixed = is_fixed
        self._monotonic = monotonic
        self._known: dict[str, T] = {}
        self._kept_since = monotonic()

    async def load(self, codes: Iterable[str], tx: Transaction) -> dict[str, T]:
        """Returns the entries that exist among `codes`."""
        wanted = set(codes)
        if self._monotonic() - self._kept_since > KEPT_SECONDS:
            self._known, self._kept_since = {}, self._monotonic()
        missing = wanted - self._known.keys()
        found = await self._read(missing, tx) if missing else {}
        self._known |= {code: entry for code, entry in found.items() if self._is_fixed(entry)}
        return found | {code: self._known[code] for code in wanted - missing}
