"""The accounts that were put out of organisations, in the memory of a process that serves requests.

Whoever was never put out costs a request one look into a table. The table follows the service's copy within half a
second, in every process of the API, whichever other one keeps the copy.
"""

import time
from collections.abc import Callable, Mapping

from typing_extensions import override

from shared.identity.principal import Principal
from shared.storage.exclusions import Exclusions
from shared.storage.loops import DatabaseLoop

LOOK_SECONDS = 0.5
PLACES_SECONDS = 5.0
"""It is believed for so long where an organisation lies, which is only asked of those who were put out of one."""
MOST_PLACES = 10_000


class KnownExclusions(DatabaseLoop):
    """The exclusions of one process; a loop of its API. Without a copy nobody was ever put out."""

    name = "exclusions"
    pause_seconds = LOOK_SECONDS

    def __init__(self, copy: Exclusions | None, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__("exclusions cannot be read")
        self._copy = copy
        self._clock = clock
        self._changes: int | None = None
        """The number of changes that are known; None before the first look."""
        self._of: Mapping[str, frozenset[str]] = {}
        self._above: dict[str, tuple[float, frozenset[str]]] = {}

    async def admitted(self, who: Principal) -> Principal:
        """Returns a principal with the grants that count: those of which the account was not put out."""
        if self._changes is None:
            await self.look()
        out = self._of.get(who.account)
        if out is None:
            return who
        excluded = [grant for grant in who.grants if grant.org is not None and await self._lies_in(grant.org, out)]
        return who.without(excluded) if excluded else who

    async def look(self) -> None:
        """Reads the copy where it has changed since; raises PyMongoError."""
        if self._copy is None:
            self._changes = 0
            return
        changes = await self._copy.changes()
        if changes != self._changes:
            self._of = await self._copy.in_force()  # as new as the number at least: it was read before
            self._changes = changes

    @override
    async def step(self) -> None:
        """Follows the copy; while the database does not answer, what was known last holds."""
        await self.look()

    async def _lies_in(self, code: str, organisations: frozenset[str]) -> bool:
        return code in organisations or not organisations.isdisjoint(await self._places(code))

    async def _places(self, code: str) -> frozenset[str]:
        read_at, above = self._above.get(code, (float("-inf"), frozenset[str]()))
        if self._copy is not None and self._clock() - read_at >= PLACES_SECONDS:
            if len(self._above) >= MOST_PLACES:
                self._above.clear()
            above = await self._copy.above(code)
            self._above[code] = self._clock(), above
        return above
