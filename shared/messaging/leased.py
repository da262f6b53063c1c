"""A loop whose steps one process at a time makes: it holds a lease, and waits out what does not answer."""

import asyncio
import time
from abc import ABC, abstractmethod
from contextlib import suppress

from aiokafka.errors import KafkaError
from pymongo.errors import PyMongoError

from shared.base.telemetry import Trouble
from shared.messaging.lease import Lease

FULL = 1_000
"""A step takes about so many records at most; one that took fewer has left none behind."""
IDLE_SECONDS = 0.2
"""The pause grows to this while there is nothing."""
STANDBY_SECONDS = 0.5
"""While another holds the lease, or something does not answer."""
STEP_SECONDS = 15.0
"""No step takes longer while everything answers."""


class LeasedLoop(ABC):
    """A loop of a service; what it has done is in the database, so that a step may fail or be made twice."""

    name: str
    pause_seconds = 0.05
    """Between steps that find something."""

    def __init__(self, lease: Lease) -> None:
        self.beat = time.monotonic()
        self.held: str | None = None
        """Why the last step has left behind what it should have done; None where it has not."""
        self._lease = lease
        self._pause = self.pause_seconds
        self._trouble = Trouble("loop waits", loop=self.name)

    @property
    def waiting(self) -> tuple[str, float] | None:
        """The reason that it makes no progress, and for how many seconds; None where it does or has nothing to do."""
        if self._trouble.reason is not None:
            return f"{self.name}: {self._trouble.reason}", self._trouble.seconds
        age = time.monotonic() - self.beat
        return (f"{self.name}: a step does not end", age) if age > STEP_SECONDS else None

    @abstractmethod
    async def step(self) -> int:
        """Does the oldest of what there is to do; returns how many records it is done with."""

    @abstractmethod
    async def waits(self) -> bool:
        """Tells that there is something to do."""

    @abstractmethod
    async def close(self) -> None:
        """Lets go of connections, at the end and after a failure; the next step opens them again."""

    async def run(self) -> None:
        """Makes steps until cancelled."""
        try:
            while True:
                self.beat = time.monotonic()
                await asyncio.sleep(await self._turn())
        finally:
            await self._end()

    async def drain(self) -> None:
        """Makes steps until nothing waits."""
        try:
            while await self.waits():
                await asyncio.sleep(await self._turn())
        finally:
            await self._end()

    async def _turn(self) -> float:
        """One step, if the lease is ours; returns the seconds to wait before the next."""
        try:
            if not await self._lease.acquire():
                return STANDBY_SECONDS
            done = await self.step()
        except (KafkaError, PyMongoError, OSError) as error:
            self._trouble.met(type(error).__name__)
            await self.close()
            return STANDBY_SECONDS
        if self.held is None:
            self._trouble.over()
        else:
            self._trouble.met(self.held)
        self._pause = self.pause_seconds if done else min(2 * self._pause, IDLE_SECONDS)
        return 0.0 if done >= FULL else self._pause

    async def _end(self) -> None:
        """Lets go, as far as anything answers: an error here would be taken for the loop's, and begin it anew."""
        for let_go in (self.close, self._lease.release):
            with suppress(KafkaError, PyMongoError, OSError):
                await let_go()
