"""Several who send classes at once, each the next when the one before is answered, and what came of it.

What they do costs the machine little: it has two cores, and what is measured is the service. So bodies are written
before the clock begins, and answers are read when it has stopped.
"""

import asyncio
import json
import os
import statistics
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

import aiohttp

from tests.drivers.service import Grants, ServiceProcess

SENDERS = 16
PROCESSES = (1, 2)
"""Of the API: one that does all of the service, and as Kubernetes runs it (`deploy/kubernetes/base/api.yaml`)."""


@dataclass
class Sent:
    """What came of the bodies of one run."""

    statuses: set[int] = field(default_factory=set)
    answers: list[bytes] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    """Seconds from each body to its answer."""


@dataclass
class Speeds:
    """What runs with one number of processes came to; rates are objects a second."""

    stored: list[float] = field(default_factory=list)
    published: list[float] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    loads: list[float] = field(default_factory=list)
    """Programs of the whole machine that ran or waited for a core, as a mean of the last minute."""

    def row(self, processes: int, objects: str) -> dict[str, object]:
        """The row of a table about objects of this name."""
        return {
            "processes of the API": processes,
            f"{objects} stored/s": f"{statistics.median(self.stored):,.0f}",
            f"{objects} stored and published/s": f"{statistics.median(self.published):,.0f}",
            "p99 of an answer, ms": f"{statistics.quantiles(self.took, n=100)[98] * 1e3:,.0f}",
            "load of the machine": f"{statistics.median(self.loads):.1f}",
        }


@asynccontextmanager
async def processes(running: ServiceProcess, number: int) -> AsyncIterator[Sequence[str]]:
    """The addresses of so many processes of the API; the first one relays and consumes besides."""
    async with AsyncExitStack() as others:
        yield [running.base, *[await others.enter_async_context(running.replica()) for _ in range(number - 1)]]


async def measure(
    speeds: Speeds, running: ServiceProcess, urls: Sequence[str], bodies: Sequence[Mapping[str, Any]], grants: Grants
) -> list[str]:
    """Sends all bodies to a route by its addresses, as by a gateway, until all their events are published.

    Returns the statuses of the items of all answers.
    """
    sent, signed_in = Sent(), [running.bearer(f"navigator {n}", grants) for n in range(SENDERS)]
    items = sum(len(part) for body in bodies for part in body.values() if isinstance(part, list))
    waiting = [json.dumps(body).encode() for body in reversed(bodies)]
    connected = aiohttp.TCPConnector(limit=SENDERS)
    async with aiohttp.ClientSession(connector=connected, headers={"Content-Type": "application/json"}) as http:
        began = time.monotonic()
        await asyncio.gather(*(_send(http, url, waiting, who, sent) for who, url in zip(signed_in, cycle(urls))))
    speeds.stored.append(items / (time.monotonic() - began))
    await running.know({}, 0, "outbox")
    speeds.published.append(items / (time.monotonic() - began))
    speeds.took += sent.took
    speeds.loads.append(os.getloadavg()[0])
    assert sent.statuses == {200}, sent.answers[:1]
    return [item["status"] for answer in sent.answers for item in json.loads(answer)["items"]]


async def _send(
    http: aiohttp.ClientSession, url: str, waiting: list[bytes], who: Mapping[str, str], sent: Sent
) -> None:
    while waiting:
        body, began = waiting.pop(), time.monotonic()
        async with http.post(url, data=body, headers=who) as answer:
            sent.answers.append(await answer.read())
        sent.took.append(time.monotonic() - began)
        sent.statuses.add(answer.status)
