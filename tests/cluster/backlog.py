"""What waits in the system, as `bilet lag --every` says it from inside the cluster."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from shared.contracts.topics import GROUPS
from shared.operations.lag import Backlog
from tests.cluster.kubectl import Kubectl
from tests.verdict import Broken

EVERY_SECONDS = "0.5"
AGAIN_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Reading:
    """What waits, and when this was read (`time.monotonic`)."""

    backlog: Backlog
    at: float

    def of(self, workload: str) -> int:
        """What waits for a service; for anything else, all that waits."""
        if workload not in set(GROUPS.values()):
            return self.backlog.total
        lags = sum(count for group, count in self.backlog.lags.items() if GROUPS.get(group) == workload)
        unpublished = sum(self.backlog.unpublished.values()) if workload == "analytics" else 0
        return self.backlog.outboxes.get(workload, 0) + lags + unpublished


@dataclass(slots=True)
class Watch:
    """The newest reading; readings pause while the broker or the database does not answer."""

    newest: Reading | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, line: str) -> None:
        """One line of the command."""
        said = json.loads(line)
        self.newest = Reading(Backlog(said["outboxes"], said["groups"], said["feeds"]), time.monotonic())
        self._changed.set()

    async def until(self, true: Callable[[Reading], bool], seconds: float, what: str) -> Reading:
        """The first reading taken from now on of which that is true; raises Broken, which says what was not to be."""
        asked = time.monotonic()
        try:
            async with asyncio.timeout(seconds):
                while self.newest is None or self.newest.at < asked or not true(self.newest):
                    self._changed.clear()
                    await self._changed.wait()
                return self.newest
        except TimeoutError:
            raise Broken(f"{what}: not within {seconds:.0f} s; the last reading: {self.newest}") from None


@asynccontextmanager
async def watching(kubectl: Kubectl, console: str) -> AsyncIterator[Watch]:
    """Reads the backlog from the pods of a Deployment that has the command line, again after every break."""
    watch = Watch()

    async def follow() -> None:
        ask = ("exec", f"deploy/{console}", "--", "python3", "-m", "deploy.cli", "lag", "--every", EVERY_SECONDS)
        while True:
            async with kubectl.lines(*ask) as lines:
                async for line in lines:
                    watch.take(line)
            await asyncio.sleep(AGAIN_SECONDS)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(follow())
        yield watch
        task.cancel()
