"""A relay that is stopped past its lease and goes on later sends again what another has sent: it takes effect once."""

import asyncio
import re
import signal
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from random import Random

import aiohttp
import pytest

from deploy.cli.whole_demo import settings_of
from deploy.local.system import System
from deploy.simulator.player import Pace
from deploy.simulator.scenario import Scenario
from deploy.simulator.simulation import Options, Result
from shared.storage.mongo import Collection, Mongo
from tests.chaos.conftest import Show
from tests.chaos.installation import Installation, play, season
from tests.chaos.proof import proven
from tests.chaos.work import Requests, Work
from tests.verdict import Broken, one_failure

ROLES = {
    "registration": ("all",),
    "trials": ("api", "worker", "relay", "relay"),
    "notifications": ("all",),
    "analytics": ("all",),
}
RELAYS = ("trials.relay", "trials.relay-2")
STOPS = 3
PAUSES = tuple(share / 100 for share in range(50, 96, 3))
LONGEST_AT_WORK = 0.25
AT_WORK = (0.52, 0.8)
"""The part of the season in which pupils are tested and booked, which is what the relays of trials publish."""
LEASE_SECONDS = 5.0
TAKES_OVER_WITHIN = 60.0
ROWS_COME_WITHIN = 2.0
"""Less than the lease: a relay that is stopped for longer is no longer the holder that was to be stopped."""
PUBLISHED = re.compile(r"^bilet_relay_published_total (\S+)$", re.MULTILINE)


@dataclass
class Stops:
    """Stops whichever relay holds the lease, while rows wait, until the other has published."""

    running: System
    work: Work
    leases: Collection
    rng: Random
    http: aiohttp.ClientSession
    names: dict[str, str] = field(default_factory=dict)
    """Holder, as the lease names it → relay."""
    reached: float = 0.0
    """The share of the season that is over."""
    stopped: bool = False
    """Whether a relay is stopped: the season waits for that at its pauses."""
    at_rest: bool = False
    """Whether the next stop comes at a pause, before the rows that are to wait: later than that nothing would."""
    measured: list[tuple[str, int, float]] = field(default_factory=list)
    """Of each stop: who was stopped, the rows that waited then, seconds until the other published."""

    async def run(self, points: Sequence[float]) -> None:
        """One stop after another, each as soon as the season has reached its point."""
        for point in points:
            while self.reached < point:
                await asyncio.sleep(0.005)
            await self._stop_the_holder()

    async def pause(self, share: float) -> None:
        """Goes on once nobody is stopped; late in the season not before another is, so that its rows wait."""
        await self.gone_on()
        self.reached, self.at_rest = share, share > AT_WORK[1]
        deadline = time.monotonic() + ROWS_COME_WITHIN
        while self.at_rest and not self.stopped and len(self.measured) < STOPS and time.monotonic() < deadline:
            await asyncio.sleep(0.005)

    async def gone_on(self) -> None:
        """Returns once nobody is stopped."""
        while self.stopped:
            await asyncio.sleep(0.02)

    async def _stop_the_holder(self) -> None:
        """One stop, from finding the holder to letting it go on."""
        if not self.names:
            await self._learn_names()
        holder, waiting = await self._stopped_at_work()
        other = next(relay for relay in RELAYS if relay != holder)
        begun, before = time.monotonic(), await self._published(other)
        await self._until(lambda: self._has_taken_over(other, before), f"{other} takes over")
        taken_over = time.monotonic() - begun
        # Longer than the lease also where its time had nearly come, so that the stopped one wakes up without it.
        await asyncio.sleep(max(0.0, LEASE_SECONDS + 1 - taken_over))
        self.running.supervisor.send(holder, signal.SIGCONT)
        self.stopped = False
        self.measured.append((holder, waiting, taken_over))

    async def _stopped_at_work(self) -> tuple[str, int]:
        """Stops the holder and returns who it is, and the rows that wait now that it has stopped, at least one."""
        while True:
            holder = self.names[await self._holder()]
            if self.at_rest or (await self.work.in_hand("trials.relay")).size:
                await asyncio.sleep(self.rng.uniform(0, LONGEST_AT_WORK))
                self.stopped = True
                self.running.supervisor.send(holder, signal.SIGSTOP)
                waiting = await self._rows_to_wait()
                if waiting and self.names[await self._holder()] == holder:
                    return holder, waiting
                self.running.supervisor.send(holder, signal.SIGCONT)
                self.stopped = False
            await asyncio.sleep(0.005)

    async def _rows_to_wait(self) -> int:
        """How many rows wait for the relay that has just stopped, as soon as any do; 0 if the season brings none."""
        deadline = time.monotonic() + ROWS_COME_WITHIN
        while not (waiting := (await self.work.in_hand("trials.relay")).size) and time.monotonic() < deadline:
            await asyncio.sleep(0.005)
        return waiting

    async def _learn_names(self) -> None:
        """Before the first stop it is the holder alone that publishes."""
        before = {relay: await self._published(relay) for relay in RELAYS}

        async def one_publishes() -> bool:
            growing = [relay for relay in RELAYS if await self._published(relay) > before[relay]]
            if growing:
                (publishing,) = growing
                (other,) = set(RELAYS) - set(growing)
                self.names = defaultdict(lambda: other, {await self._holder(): publishing})
            return bool(growing)

        await self._until(one_publishes, "a relay publishes")

    async def _has_taken_over(self, relay: str, before: float) -> bool:
        return self.names[await self._holder()] == relay and await self._published(relay) > before

    async def _holder(self) -> str:
        row = await self.leases.find_one({"_id": "relay"})
        assert row is not None
        return str(row["holder"])

    async def _published(self, relay: str) -> float:
        async with self.http.get(f"{self.running.processes[relay]}/metrics") as answer:
            found = PUBLISHED.search(await answer.text())
        assert found, f"{relay} does not say how much it has published"
        return float(found[1])

    async def _until(self, holds: Callable[[], Awaitable[bool]], what: str) -> None:
        deadline = time.monotonic() + TAKES_OVER_WITHIN
        while not await holds():
            if time.monotonic() > deadline:
                raise Broken(f"fault not survived: a stopped relay: not within {TAKES_OVER_WITHIN:g} s: {what}")
            await asyncio.sleep(0.02)


async def _play_with_stops(running: System, scenario: Scenario, seed: int) -> tuple[Result, Stops]:
    """The season, which pauses often; a stop that finds no rows waits for more, and late ones come at the pauses."""
    settings, rng = settings_of(running.settings), Random(seed)
    with closing(Mongo(settings.mongo_url, settings.database("trials"))) as mongo, one_failure("the season with stops"):
        async with (
            Work(settings, Requests()) as work,
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as http,
            asyncio.TaskGroup() as group,
        ):
            stops = Stops(running, work, mongo["leases"], rng, http)

            stopping = group.create_task(stops.run(sorted(rng.uniform(*AT_WORK) for _ in range(STOPS))))
            options = Options(seed=seed, pace=Pace(pause_at=PAUSES, at_pause=stops.pause))
            result = await play(running, scenario, options)
            await stops.gone_on()
            stopping.cancel()
    return result, stops


@pytest.mark.timeout(900)
async def test_a_relay_stopped_past_its_lease(installation: Installation, seed: int, show: Show) -> None:
    async with installation.running(ROLES) as running:
        result, stops = await _play_with_stops(running, season(), seed)
        for holder, waiting, seconds in stops.measured:
            show(f"{holder} was stopped with {waiting} rows waiting; the other published after {seconds:.1f} s")
        assert stops.measured, "the season was over before a relay could be stopped"
        show(str(await proven(running, result, seed)))
