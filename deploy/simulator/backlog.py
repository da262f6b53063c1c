"""Backpressure: what was sent and is not yet visible stays within a bound that follows the throughput."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Mapping

from deploy.simulator.command import PlayError

WINDOW = 1.0
"""Seconds over which throughput is measured."""
CAPACITY_WINDOW = 3.0
"""Seconds for which the best throughput counts as what the platform can do: what it does just now says nothing while
it waits for us (as in BBR: Cardwell et al., Congestion-Based Congestion Control, 2016)."""
GAIN = 1.25
"""Commands are spread over time at so many times the capacity (also BBR's): more than it, to find out whether it has
grown, and not all at once, since what is sent in one piece also arrives in one."""


class Backlog:
    """Counts events by type from their command to their appearance in the feed.

    The bound is `lag` seconds of the best throughput of late plus what is in the requests themselves, at least `floor`
    events. `stall` is after how many seconds without any new event waiting is given up.
    """

    def __init__(self, now: Callable[[], float], lag: float = 0.27, floor: int = 400, stall: float = 120.0) -> None:
        self.sent: Counter[str] = Counter()
        self.seen: Counter[str] = Counter()
        self.waiting = self.peak = 0
        """Events sent and not yet visible: now, and the most so far."""
        self._now, self._lag, self._floor, self._stall = now, lag, floor, stall
        self._request_seconds, self._sent, self._due = 0.0, 0, float("-inf")
        self._recent: deque[tuple[float, int]] = deque()
        self._rates: deque[tuple[float, float]] = deque()
        self._moved = asyncio.Event()

    @property
    def visible(self) -> int:
        """Events sent that are visible."""
        return self._sent - self.waiting

    @property
    def throughput(self) -> float:
        """Events that became visible a second, of late."""
        while self._recent and self._recent[0][0] < self._now() - WINDOW:
            self._recent.popleft()
        return sum(events for _, events in self._recent) / WINDOW

    @property
    def capacity(self) -> float:
        """The best throughput of late."""
        while self._rates and self._rates[0][0] < self._now() - CAPACITY_WINDOW:
            self._rates.popleft()
        return max((rate for _, rate in self._rates), default=0.0)

    @property
    def bound(self) -> float:
        """The number of events that may be on their way."""
        return max(self._floor, self.capacity * (self._lag + self._request_seconds))

    def send(self, events: Mapping[str, int]) -> None:
        """A command that causes these events is being sent."""
        for type_, count in events.items():
            self._move(type_, sent=count)
            self._sent += count
        self.peak = max(self.peak, self.waiting)

    def answered(self, seconds: float) -> None:
        """A command was accepted; a moving mean of the time it took widens the bound."""
        self._request_seconds += (seconds - self._request_seconds) / 20

    def see(self, types: Counter[str]) -> None:
        """Events of the season appeared in the feed."""
        for type_, count in types.items():
            self._move(type_, seen=count)
        self._recent.append((self._now(), types.total()))
        self._rates.append((self._now(), self.throughput))
        self._moved.set()

    def forget(self) -> None:
        """The feed begins anew: everything appears again."""
        for type_, count in list(self.seen.items()):
            self._move(type_, seen=-count)

    def _move(self, type_: str, sent: int = 0, seen: int = 0) -> None:
        before = max(0, self.sent[type_] - self.seen[type_])
        self.sent[type_] += sent
        self.seen[type_] += seen
        self.waiting += max(0, self.sent[type_] - self.seen[type_]) - before

    async def room(self, events: int) -> None:
        """Waits until so many more may be sent; a command larger than the bound waits until it would be alone."""
        while self.waiting and self.waiting + events > self.bound:
            await self._next()
        now = self._now()
        if self._due > now:
            await asyncio.sleep(self._due - now)
        self._due = max(self._due, now) + events / max(GAIN * self.capacity, self._floor / self._lag)

    async def drained(self) -> None:
        """Waits until everything sent is visible; raises `PlayError` when nothing appears any more."""
        while self.waiting:
            await self._next()

    async def _next(self) -> None:
        self._moved.clear()
        try:
            async with asyncio.timeout(self._stall):
                await self._moved.wait()
        except TimeoutError:
            missing = {type_: n - self.seen[type_] for type_, n in self.sent.items() if n > self.seen[type_]}
            raise PlayError(f"nothing new in the feed for {self._stall:.0f} s; still missing: {missing}") from None
