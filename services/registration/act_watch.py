"""The watch of acts: how many a service has left open for longer than it may, as a metric to alert on."""

import asyncio
import time

from pymongo.errors import PyMongoError

from services.registration.acts import Acts
from services.registration.domain.erasure import ANSWERED_WITHIN
from shared.base.telemetry import Metrics, Trouble
from shared.storage.outbox import Clock

LOOK_SECONDS = 15.0


class ActWatch:
    """A loop that counts; several processes may, each counts the same."""

    name = "acts"

    def __init__(self, acts: Acts, metrics: Metrics, clock: Clock) -> None:
        self.beat = time.monotonic()
        self._acts = acts
        self._overdue = metrics.overdue_acts
        self._clock = clock
        self._trouble = Trouble("acts cannot be counted")

    @property
    def waiting(self) -> tuple[str, float] | None:
        """The reason that it does not count, and for how many seconds; None where it does."""
        return None if self._trouble.reason is None else (f"acts: {self._trouble.reason}", self._trouble.seconds)

    async def run(self) -> None:
        """Counts until cancelled."""
        while True:
            self.beat = time.monotonic()
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Counts once; where the database does not answer, the last count stands."""
        try:
            self._overdue.set(await self._acts.open_since(self._clock() - ANSWERED_WITHIN))
        except (PyMongoError, OSError) as error:
            self._trouble.met(type(error).__name__)
        else:
            self._trouble.over()
