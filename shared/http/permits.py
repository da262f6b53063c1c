"""Permits of a quota, given in memory and settled in the service's database, which all its processes share.

A permit is a unit of a token bucket that is written as one time, `full`, at which the bucket will be full again (GCRA).
A process gives permits by its own view of it, and tells the database what it gave: after each chunk before it gives the
next, and once a second of whoever has used up one. What all others gave comes back with that. So a request waits for
the database only once in a chunk, a caller who does a little costs it nothing, and N processes together never give more
than the quota plus two chunks each: what is being told, and what was given meanwhile. Less than a chunk is forgotten
after as long a silence as the quota counts over.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pymongo import UpdateOne
from pymongo.errors import PyMongoError
from pymongo.write_concern import WriteConcern

from shared.base.quota import Quota, QuotaExceeded, Standing
from shared.base.telemetry import Trouble
from shared.storage.mongo import Collection, Mongo

COLLECTION = "permits"
TELL_SECONDS = 1.0
FORGET_SECONDS = 10.0
"""Between looks for keys that need not be remembered."""
MOST_TOLD = 1_000
"""Keys that are told at once."""
MOST_KEYS = 50_000
"""So many are remembered; the one that was first seen longest ago makes room."""
ANSWER_SECONDS = 1.0
"""For the database to answer who waits for a permit."""
AWAY_SECONDS = 5.0
"""After no answer nobody asks again for so long; the driver holds a thread for each who asked until then."""


@dataclass(slots=True)
class Meter:
    """One process's view of one key."""

    full: float
    """On the process's clock, with what it gave itself."""
    untold: int = 0
    """Permits that were given and that the database does not know of."""


class Permits:
    """Permits of one policy, each for a key.

    Without the database a process goes by what it gave itself: nobody is shut out, nobody gets more of it than the
    quota, and what was given meanwhile is told afterwards.
    """

    def __init__(
        self, policy: str, quota: Quota, mongo: Mongo | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.policy = policy
        self.quota = quota
        self._rows = None if mongo is None else mongo[COLLECTION].with_options(write_concern=WriteConcern(w=1))
        self._clock = clock
        self._chunk = quota.chunk
        self._meters: dict[str, Meter] = {}
        self._due: set[str] = set()
        """Keys of which a chunk has been given since the database was told."""
        self._lock = asyncio.Lock()
        """Held while the database is told."""
        self._telling: asyncio.Task[None] | None = None
        self._alone_until = float("-inf")
        self._trouble = Trouble("limits are kept by each process alone", policy=policy)

    async def take(self, key: str) -> Standing:
        """Gives a permit; raises QuotaExceeded where there is none."""
        if self._is_due(key):
            async with self._lock:
                if self._is_due(key):
                    await self._tell([key])
        meter = self._meter(key)
        now, interval = self._clock(), self.quota.interval
        full = max(meter.full, now) + interval
        left = (self.quota.seconds - (full - now)) / interval + 1e-6
        if left < 0:
            raise QuotaExceeded(Standing(self.policy, self.quota, 0, -left * interval))
        meter.full = full
        meter.untold += 1
        if meter.untold >= self._chunk:
            self._due.add(key)
        self._tell_soon()
        return Standing(self.policy, self.quota, int(left), interval - left % 1 * interval)

    def owe(self, key: str, times: int) -> None:
        """Counts what was taken beyond the quota too: nothing more is given until it is paid off."""
        meter = self._meter(key)
        meter.full = max(meter.full, self._clock()) + times * self.quota.interval
        meter.untold += times
        self._tell_soon()

    def give_back(self, key: str) -> None:
        """Takes a permit back that was not used."""
        meter = self._meter(key)
        meter.full -= self.quota.interval
        meter.untold -= 1
        self._tell_soon()

    def _is_due(self, key: str) -> bool:
        """Tells that a chunk was given, which the database must know of before more is given."""
        may_tell = self._rows is not None and self._clock() >= self._alone_until
        return may_tell and self._meter(key).untold >= self._chunk

    def _meter(self, key: str) -> Meter:
        meter = self._meters.get(key)
        if meter is None:
            if len(self._meters) >= MOST_KEYS:
                del self._meters[next(iter(self._meters))]
            meter = self._meters[key] = Meter(self._clock())
        return meter

    def _tell_soon(self) -> None:
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._keep_telling())

    async def _keep_telling(self) -> None:
        """Until nothing is left to be told or remembered."""
        forget_at = self._clock() + FORGET_SECONDS
        while self._meters:
            await asyncio.sleep(TELL_SECONDS)
            now = self._clock()
            if now < self._alone_until:
                continue
            due, self._due = list(self._due), set()
            for first in range(0, len(due), MOST_TOLD):
                async with self._lock:
                    await self._tell(due[first : first + MOST_TOLD])
            if now >= forget_at:
                forget_at = now + FORGET_SECONDS
                for key in [key for key, meter in self._meters.items() if self._may_be_forgotten(meter, now)]:
                    del self._meters[key]

    def _may_be_forgotten(self, meter: Meter, now: float) -> bool:
        silence = self.quota.seconds if meter.untold else 0
        return meter.untold < self._chunk and meter.full + silence <= now

    async def _tell(self, keys: Sequence[str]) -> None:
        """Tells what was given of these keys, and learns what all processes gave."""
        told = {key: self._meters[key].untold for key in keys if key in self._meters}
        self._due.difference_update(told)
        for key in told:
            self._meters[key].untold = 0
        if self._rows is None:
            return
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                ahead = await self._settle(self._rows, told)
        except (PyMongoError, TimeoutError) as error:
            self._trouble.met(type(error).__name__)
            self._alone_until = self._clock() + AWAY_SECONDS
            for key, permits in told.items():
                self._meter(key).untold += permits
            self._due.update(told)
            return
        self._trouble.over()
        now = self._clock()
        for key, seconds in ahead.items():
            meter = self._meter(key)
            meter.full = now + seconds + meter.untold * self.quota.interval

    async def _settle(self, rows: Collection, told: dict[str, int]) -> dict[str, float]:
        """Moves the times of keys by so many permits; by key, the seconds by which each is ahead of the database."""
        milliseconds = self.quota.interval * 1000
        ids = {f"{self.policy} {key}": key for key in told}
        begun = {"$max": ["$full", "$$NOW"]}
        writes = [
            UpdateOne(
                {"_id": id},
                [{"$set": {"full": {"$add": [begun, told[key] * milliseconds]}, "told": "$$NOW"}}],
                upsert=True,
            )
            for id, key in ids.items()
        ]
        await rows.bulk_write(writes, ordered=False)
        found = await rows.find({"_id": {"$in": list(ids)}}).to_list(None)
        return {ids[row["_id"]]: (row["full"] - row["told"]).total_seconds() for row in found}
