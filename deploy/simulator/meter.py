"""Reads the region's feed as an outside client and takes the freshness of every event, without sampling."""

import asyncio
from array import array
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from deploy.simulator.backlog import Backlog
from deploy.simulator.client import Client, Refused, Unavailable
from deploy.simulator.feed import EPOCH_GONE, PAGE, START, Feed

LONGEST_WAIT = 10
"""Seconds that the platform may hold a request for the first new event."""
INTERVAL = 0.05
"""Seconds between requests at least: events arrive in clusters anyway."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """Seconds from an event's `recordedtime` to the answer that first held it."""

    events: int
    p50: float
    p99: float
    longest: float


class Meter:
    """Tails the feed of one region and counts the events of one season."""

    def __init__(
        self, client: Client, region: str, season: str, backlog: Backlog, clock: Callable[[], datetime]
    ) -> None:
        self._client, self._feed, self._season = client, Feed(client, region), season
        self._backlog, self._clock, self._ages = backlog, clock, array("d")
        self._caught_up = asyncio.Event()

    async def run(self) -> None:
        """Tails for ever; raises `Refused` when the feed may not be read."""
        now = asyncio.get_running_loop().time
        begun, cursor = self._clock(), START
        while True:
            earliest_next = now() + INTERVAL
            try:
                page = await self._feed.page(cursor, wait=LONGEST_WAIT)
                self._take(page["events"], self._clock(), begun)
                cursor = str(page["next"])
                if len(page["events"]) < PAGE:
                    self._caught_up.set()
            except Unavailable as reason:
                self._client.traffic.retries[f"feed: {reason}"] += 1
            except Refused as refusal:
                if refusal.status == EPOCH_GONE:  # a new one repeats everything: what is old is not measured again
                    begun, cursor = self._clock(), START
                    self._backlog.forget()
                elif refusal.status == 404:  # nothing has happened in the region
                    self._caught_up.set()
                else:
                    raise
            await asyncio.sleep(max(0.0, earliest_next - now()))

    async def caught_up(self) -> Counter[str]:
        """The number of events by type, once all are counted that the feed held at first."""
        await self._caught_up.wait()
        return self._backlog.seen

    @property
    def freshness(self) -> Freshness:
        """Of all events recorded since the start."""
        ages = sorted(self._ages) or [0.0]
        rank = -(-99 * len(ages) // 100) - 1
        return Freshness(len(self._ages), ages[(len(ages) - 1) // 2], ages[rank], ages[-1])

    def _take(self, events: list[Mapping[str, Any]], now: datetime, begun: datetime) -> None:
        types: Counter[str] = Counter()
        for event in events:
            if event["data"].get("season", self._season) == self._season:
                types[event["type"]] += 1
            recorded = datetime.fromisoformat(event["recordedtime"])
            if recorded >= begun:
                self._ages.append((now - recorded).total_seconds())
        if types:
            self._backlog.see(types)
