"""The loop that gives freed seats to those who wait for them, and gives up what nobody confirmed."""

import time

from services.trials.handlers import waiting
from services.trials.repository import Repository
from shared.messaging.lease import Lease
from shared.messaging.leased import FULL, LeasedLoop
from shared.storage.decision import NewId
from shared.storage.outbox import Clock

LOOK_SECONDS = 1.0
"""Between looks while nothing is to be done."""


class Fillers(LeasedLoop):
    """Goes through slots with a line and free seats, and through bookings that were not confirmed in time."""

    name = "fillers"

    def __init__(self, lease: Lease, repository: Repository, clock: Clock, new_id: NewId) -> None:
        super().__init__(lease)
        self._repository = repository
        self._clock = clock
        self._new_id = new_id
        self._looked = float("-inf")

    async def step(self) -> int:
        """Does what is due first; returns FULL where something was."""
        if time.monotonic() - self._looked < LOOK_SECONDS:
            return 0
        now = self._clock()
        due = await self._repository.lines.due(now)
        if due is None:
            self._looked = time.monotonic()
            return 0
        if due.overdue is not None:
            await waiting.give_up(self._repository, due.overdue, now)
        elif due.slot is not None:
            await waiting.fill(self._repository, due.slot, now, self._new_id)
        return FULL

    async def waits(self) -> bool:
        """Tells that a seat is to be given, or given up."""
        return await self._repository.lines.due(self._clock()) is not None

    async def close(self) -> None:
        """Looks again at once."""
        self._looked = float("-inf")
