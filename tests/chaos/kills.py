"""Kills a process at its points of a season, each time only while it has work in hand, and times its recovery."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random

import aiohttp
from rich.table import Table

from deploy.local.system import System
from tests.chaos.work import InHand, Work
from tests.verdict import Broken

ANY_TIME = "notifications.relay"
"""Publishes nothing but dead letters, so nothing ever waits for it in a season."""
LOOK_SECONDS = 0.005
LONGEST_AT_WORK = 0.25
"""A kill comes up to so many seconds after work was first seen, so that it meets every phase of it."""
RECOVERS_WITHIN = 90.0


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill: after which share of the season, what the process had in hand, and how long what took."""

    process: str
    after: float
    in_hand: int
    ready: float
    """Seconds until the process answered that it is ready again."""
    recovered: float
    """Seconds until it was ready and all that was in hand was done."""


class Killer:
    """Kills one process, one time after another; the season says how far it is by `reached`."""

    def __init__(self, running: System, work: Work, process: str, points: Sequence[float], rng: Random) -> None:
        self.process = process
        self.kills: list[Kill] = []
        self.recovering = False
        """Whether the process is dead or has not caught up: the season waits for that at its pauses."""
        self.reached = 0.0
        self.over = False
        """Whether the season is over: a process that still is to be killed is killed at rest."""
        self._running, self._work, self._rng = running, work, rng
        self._points = sorted(points)

    async def run(self) -> None:
        """Ends when the process has been killed as often as it should."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as http:
            for point in self._points:
                while self.reached < point and not self.over:
                    await asyncio.sleep(LOOK_SECONDS)
                await self._kill(http)

    async def _kill(self, http: aiohttp.ClientSession) -> None:
        supervisor, process = self._running.supervisor, self.process
        in_hand, restarts = await self._catch(), supervisor.restarts(process)
        supervisor.send(process, signal.SIGKILL)
        self.recovering, after = True, self.reached
        begun = time.monotonic()

        async def ready() -> bool:
            return supervisor.restarts(process) > restarts and await _answers(http, self._running.processes[process])

        fault = f"{process}, killed after {after:.0%} of the season"
        await _until(ready, fault, "is not ready again")
        ready_after = time.monotonic() - begun
        await _until(in_hand.done, fault, "has not done what it had in hand")
        recovered_after = time.monotonic() - begun
        self.kills.append(Kill(process, after, in_hand.size, ready_after, recovered_after))
        self.recovering = False

    async def _catch(self) -> InHand:
        """Waits until the process has been at work for a random moment; the last look comes just before the return."""
        while True:
            in_hand = await self._work.in_hand(self.process)
            if in_hand.size:
                await asyncio.sleep(self._rng.uniform(0, LONGEST_AT_WORK))
                in_hand = await self._work.in_hand(self.process)
            if in_hand.size or self.over or self.process == ANY_TIME:
                return in_hand
            await asyncio.sleep(LOOK_SECONDS)


async def _answers(http: aiohttp.ClientSession, url: str) -> bool:
    with suppress(aiohttp.ClientError, TimeoutError):
        async with http.get(f"{url}/readyz") as answer:
            return answer.status == 200
    return False


async def _until(holds: Callable[[], Awaitable[bool]], fault: str, otherwise: str) -> None:
    deadline = time.monotonic() + RECOVERS_WITHIN
    while not await holds():
        if time.monotonic() > deadline:
            raise Broken(f"fault not survived: {fault}: it {otherwise} after {RECOVERS_WITHIN:g} s")
        await asyncio.sleep(0.02)


def table(kills: Iterable[Kill]) -> Table:
    """The kills by process, as a person reads them."""
    shown = Table("process", "after", "in hand", "ready, s", "recovered, s", title="Kills")
    for column in shown.columns[1:]:
        column.justify = "right"
    for kill in sorted(kills, key=lambda kill: (kill.process, kill.after)):
        seconds = f"{kill.ready:.1f}", f"{kill.recovered:.1f}"
        shown.add_row(kill.process, f"{kill.after:.0%}", f"{kill.in_hand:,}", *seconds)
    return shown
