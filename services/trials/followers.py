"""The loop that lets bookings follow slots which were moved or called off, where a request left some behind."""

import time

from services.trials.handlers.rebooking import CHUNK, follow_slot
from services.trials.repository import Repository
from shared.messaging.lease import Lease
from shared.messaging.leased import FULL, LeasedLoop

LOOK_SECONDS = 5.0
"""Between looks; a request that is under way gets further in that time, and is left alone."""


class Followers(LeasedLoop):
    """Goes through slots whose bookings have not all followed, and got no further since the last look."""

    name = "followers"

    def __init__(self, lease: Lease, repository: Repository) -> None:
        super().__init__(lease)
        self._repository = repository
        self._looked = float("-inf")
        self._seen: tuple[str, str] | None = None
        """The slot that was seen at the last look, and how far its bookings had come."""
        self._slot: str | None = None
        """The one whose bookings are brought along."""

    async def step(self) -> int:
        """Brings some bookings of a slot along, or looks for one; returns FULL where there is one."""
        if self._slot is None and time.monotonic() - self._looked < LOOK_SECONDS:
            return 0
        if self._slot is None:
            self._looked = time.monotonic()
            found = await self._repository.timetable.left_behind()
            if found is not None and found == self._seen:
                self._slot = found[0]
            self._seen = found
        if self._slot is None:
            return 0
        followed = await follow_slot(self._repository, self._slot, CHUNK)
        if followed.done:
            await self.close()
        return FULL

    async def waits(self) -> bool:
        """Tells that bookings are to follow."""
        return await self._repository.timetable.left_behind() is not None

    async def close(self) -> None:
        """Lets go of the slot, and looks again at once."""
        self._looked, self._slot = float("-inf"), None
