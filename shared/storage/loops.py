"""Loops over a service's database: they look or write every so often, and wait while it does not answer."""

import asyncio
import time
from abc import ABC, abstractmethod

from pymongo.errors import PyMongoError
from typing_extensions import override

from shared.base.telemetry import Trouble


class DatabaseLoop(ABC):
    """A loop of a service, in any number of processes; a step that failed is made again."""

    name: str
    pause_seconds: float
    """Between two steps."""

    def __init__(self, trouble: str) -> None:
        """`trouble` is logged once while the database does not answer."""
        self.beat = time.monotonic()
        self._trouble = Trouble(trouble)

    @property
    def waiting(self) -> tuple[str, float] | None:
        """The reason that it makes no progress, and for how many seconds; None where it does or has nothing to do."""
        return None if self._trouble.reason is None else (f"{self.name}: {self._trouble.reason}", self._trouble.seconds)

    @abstractmethod
    async def step(self) -> None:
        """Does what there is to do; raises PyMongoError."""

    async def turn(self) -> None:
        """Makes a step, and keeps the reason where the database does not answer."""
        try:
            await self.step()
        except (PyMongoError, OSError) as error:
            self._trouble.met(type(error).__name__)
        else:
            self._trouble.over()

    async def run(self) -> None:
        """Makes steps until cancelled."""
        while True:
            self.beat = time.monotonic()
            await self.turn()
            await asyncio.sleep(self.pause_seconds)


class WriteBehind(DatabaseLoop):
    """A loop that writes what was noted in memory, so that nobody waits for it.

    A step writes all that waits, and forgets it once it is written; what a killed process had noted is lost.
    """

    def __init__(self, trouble: str) -> None:
        super().__init__(trouble)
        self._writing = asyncio.Lock()

    async def flush(self) -> None:
        """Writes all that waits, or leaves it where the database does not answer."""
        async with self._writing:  # each is written once, whoever asks for it meanwhile
            await super().turn()

    @override
    async def turn(self) -> None:
        await self.flush()

    @override
    async def run(self) -> None:
        """Writes what was noted until cancelled, and the rest then."""
        try:
            await super().run()
        finally:
            await self.flush()
