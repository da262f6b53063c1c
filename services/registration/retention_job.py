"""The job that erases whose time is over: each region once a day by its own clock, one process at a time.

The list is drawn up first, then those are erased who have been on it for a week, each in a transaction with an act.
What is done is in the database: a process that is killed leaves the rest of the day's run to the next one, which begins
the region anew and finds the erased ones gone.
"""

import time
from datetime import date

from services.registration.handlers.retention import JOB, draw_up, erase_due
from services.registration.repository import Repository
from shared.http.audit import AuditLog, Entry
from shared.messaging.lease import Lease
from shared.messaging.leased import FULL, LeasedLoop
from shared.storage.decision import NewId
from shared.storage.outbox import Clock

LOOK_SECONDS = 5.0
"""Between looks whether a region's day has begun."""
PUPILS, ERASURES = 500, 10
"""In one step: pupils who are looked at, and erasures, each in a transaction of its own."""


class RetentionJob(LeasedLoop):
    """Goes through regions."""

    name = "retention"

    def __init__(
        self,
        lease: Lease,
        repository: Repository,
        audit: AuditLog,
        clock: Clock,
        new_id: NewId,
        erasures: int = ERASURES,
    ) -> None:
        super().__init__(lease)
        self._repository = repository
        self._audit = audit
        self._clock = clock
        self._new_id = new_id
        self._erasures = erasures
        self._run: tuple[str, date] | None = None
        self._after: str | None = ""
        """The pupil up to whom the list is drawn up; None once it is."""
        self._looked = float("-inf")

    async def step(self) -> int:
        """Goes on with a region, or looks for the next one; returns FULL where there was one."""
        if self._run is None and time.monotonic() - self._looked < LOOK_SECONDS:
            return 0
        if self._run is None:
            self._run, self._after = await self._repository.retention.next_region(self._clock()), ""
            self._looked = float("-inf") if self._run else time.monotonic()
        if self._run is None:
            return 0
        region, today = self._run
        if self._after is not None:
            self._after = await draw_up(self._repository, region, today, self._after, PUPILS)
        elif not await self._erase(region, today):
            await self._repository.retention.done(region, today)
            self._run = None
        return FULL

    async def _erase(self, region: str, today: date) -> bool:
        """Erases some of those who are due, each with an entry in the audit log; False where nobody is left."""
        ids = await self._repository.retention.over(region, today, self._erasures)
        for id in ids:
            now = self._clock()
            act = await erase_due(self._repository, region, id, today, now, self._new_id)
            if act is not None:
                await self._audit.tell(Entry(now, JOB, (id,), {"act": act.id}, 200))
        return bool(ids)

    async def waits(self) -> bool:
        """Tells that a region is to be gone through."""
        return self._run is not None or await self._repository.retention.next_region(self._clock()) is not None

    async def close(self) -> None:
        """Lets go of the region; the next step begins it anew."""
        self._run, self._looked = None, float("-inf")
