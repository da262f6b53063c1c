"""Large bodies pass two gates in each process: few bytes of them are in memory, and one is dealt with at a time."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

KIB = 1024
LARGE = 64 * KIB
"""Bodies up to here pass no gate: they are what classes send at the lesson bell, and share transactions."""
SMALL, PART = 4 * KIB, 8
"""A body above this is large, too, where it is more than an eighth of what its route takes."""
MOST_READ = 16 * 1024 * KIB
"""Three of the largest: whoever sends slowly holds room, and others go on beside."""
LONGEST_REST = 0.05
"""Seconds until the next large body's turn, at most."""


def is_large(size: int, most: int) -> bool:
    """Tells that a body of so many bytes waits for its turn on a route that takes so many at most."""
    return size > min(LARGE, max(SMALL, most // PART))


class _Waiting(NamedTuple):
    """One who stands before a gate."""

    size: int
    whose: str | None
    turn: "asyncio.Future[None]"


class Gate:
    """Lets so many bytes in at a time, in the order in which they came; who has more goes in alone.

    Of one account only one is inside: its others let those behind them overtake, so that nobody who sends many, and
    slowly, keeps everybody out.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._inside = 0
        self._accounts: set[str | None] = set()
        """Those that are inside."""
        self._waiting: deque[_Waiting] = deque()

    @asynccontextmanager
    async def passed(self, size: int, whose: str | None = None) -> AsyncIterator[None]:
        """Waits for its turn and is inside while the body runs; `whose` is the account, where it is to count."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(size, whose, turn))
        self._let_in()
        try:
            await turn
            yield
        finally:
            if not turn.cancelled():
                self._inside -= size
                self._accounts.discard(whose)
            self._let_in()  # also those who were behind one that gave up

    def _let_in(self) -> None:
        passed_over: list[_Waiting] = []
        while self._waiting:
            size, whose, turn = first = self._waiting.popleft()
            if turn.done():
                continue
            if whose is not None and whose in self._accounts:
                passed_over.append(first)
                continue
            if self._inside and self._inside + size > self._most:
                passed_over.append(first)
                break
            self._inside += size
            self._accounts.add(whose)
            turn.set_result(None)
        self._waiting.extendleft(reversed(passed_over))


class Turns:
    """One at a time; after each, for as long as it took, nobody's turn comes: the others of the process are served."""

    def __init__(self) -> None:
        self._taken = asyncio.Lock()

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """Waits for the turn, in the order of coming, and has it while the body runs; the rest delays only the next."""
        await self._taken.acquire()
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            yield
        finally:
            loop.call_later(min(loop.time() - began, LONGEST_REST), self._taken.release)


class LargeBodies:
    """The gates of one process: a slow sender holds memory, but nobody who has sent, and an account holds it once."""

    def __init__(self) -> None:
        self.read = Gate(MOST_READ)
        """From before the first byte is read until the answer is made."""
        self.served = Turns()
        """From when a body is there."""
