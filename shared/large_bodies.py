"""Large bodies pass two gates in each process: few bytes of them are in memory, and fewer are dealt with, at a time."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

KIB = 1024
LARGE = 64 * KIB
"""Bodies up to here pass no gate: they are what classes send at the lesson bell, and go on together."""
MOST_READ = 16 * 1024 * KIB
"""Three of the largest: whoever sends slowly holds room, and others go on beside."""
MOST_SERVED = 1024 * KIB
"""Parsing takes the interpreter for 7 ms a MiB, which nothing interrupts."""


class Gate:
    """Lets so many bytes in at a time, in the order in which they came; who has more goes in alone."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._inside = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def passed(self, size: int) -> AsyncIterator[None]:
        """Waits for its turn and is inside while the body runs."""
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((size, turn))
        self._let_in()
        try:
            await turn
            yield
        finally:
            if not turn.cancelled():
                self._inside -= size
            self._let_in()  # also those who were behind one that gave up

    def _let_in(self) -> None:
        while self._waiting:
            size, turn = self._waiting[0]
            if not turn.done():
                if self._inside and self._inside + size > self._most:
                    return
                self._inside += size
                turn.set_result(None)
            self._waiting.popleft()


class LargeBodies:
    """The gates of one process: one slow sender holds memory, but nobody who has sent."""

    def __init__(self) -> None:
        self.read = Gate(MOST_READ)
        """From before the first byte is read until the answer is made."""
        self.served = Gate(MOST_SERVED)
        """From when a body is there."""
