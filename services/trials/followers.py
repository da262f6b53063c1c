"""The loop that lets bookings follow slots which were moved or called off, where a request left some behind."""

import time

from services.trials.handlers.rebooking import CHUNK, follow_slot
from services.trials.repository import Repository
from shared.messaging.lease import Lease
from shared.messaging.leased import FULL, LeasedLoop

LOOK_SECONDS = 5.0
"""Between looks whether a slot was left behind; a request that is under way does more in that time."""


class Followers(LeasedLoop):
    """Goes through slots whose bookings have not all followed."""

    name = "followers"

    def __init__(self, lease: Lease, repository: Repository) -> None:
        super().__init__(lease)
        self._repository = repository
        self._looked = float("-inf")

    async def step(self) -> int:
        """Brings some bookings of a slot along; returns FULL where there was one."""
        if time.monotonic() - self._looked < LOOK_SECONDS:
            return 0
        slot = await self._repository.timetable.left_behind()
        if slot is None:
            self._looked = time.monotonic()
            return 0
        await follow_slot(self._repository, slot, CHUNK)
        return FULL

    async def waits(self) -> bool:
        """Tells that bookings are to follow."""
        return await self._repository.timetable.left_behind() is not None

    async def close(self) -> None:
        """Looks again at once."""
        self._looked = float("-inf")
