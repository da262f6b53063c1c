"""How analytics' workers share a backlog from a cold start: one of them, two, and four of which one dies."""

import asyncio
import os
import random
import statistics
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp
import pytest
from aiokafka import TopicPartition

from deploy.local.stack import Infrastructure
from services.analytics.collections import COLLECTIONS
from shared.base.settings import Settings
from shared.contracts import topics
from shared.contracts.event import Envelope
from shared.messaging import kafka
from shared.messaging.readers import SESSION_MS
from shared.runtime.migration import create_topics
from shared.storage.mongo import Mongo
from tests.bench.results import record
from tests.builders import events as builders
from tests.builders.events import at, enveloped
from tests.drivers.consumers import publish
from tests.drivers.processes import environment_of, process
from tests.drivers.service import own_settings

EVENTS = int(os.environ.get("EVENTS", "200000"))
RUNS = 3
A_TIME = 5_000
FACTS = [topics.REGISTRATION_EVENTS.name, topics.TRIALS_EVENTS.name]
GROUP = next(group for group in topics.GROUPS if group.startswith("analytics.views"))
PLACES = [(f"RU-ROS-{m:03}", f"RU-ROS-{m:03}-S{s:02}") for m in range(40) for s in range(10)]


def _history(pupils: int) -> Iterator[Envelope]:
    """Ten facts a pupil, each kind for all pupils before the next kind, as a season brings them."""
    chosen = random.Random(7)
    places = {f"p{n:06}": chosen.choice(PLACES) for n in range(pupils)}

    def place(participant: str) -> dict[str, str]:
        municipality, school = places[participant]
        return {"municipality": municipality, "school": school}

    for p in places:
        yield enveloped(builders.registered(p, **place(p)), 1)
    for number in range(9):
        day = at(f"2020-10-{10 + number}")
        for p in places:
            done = builders.diagnosed(p, attempt=f"{p}-{number}", **place(p))
            yield enveloped(done, 1 + number, day)


@dataclass(frozen=True)
class Run:
    """What one run took, in seconds from the start of its workers."""

    seconds: float
    first: tuple[float, ...]
    """When each worker had applied its first facts."""
    stood: float
    """How long a partition with records stood still, at the longest, once it had begun to move."""


@asynccontextmanager
async def _workers(settings: Settings, n: int) -> AsyncIterator[tuple[list[asyncio.subprocess.Process], list[str]]]:
    async with AsyncExitStack() as running:
        environments = [environment_of(settings) for _ in range(n)]
        children = [await running.enter_async_context(process(env, "analytics", "worker")) for env in environments]
        drains = [asyncio.create_task(_drain(child)) for child in children]
        try:
            yield children, [f"http://127.0.0.1:{env['HTTP_PORT']}/metrics" for env in environments]
        finally:
            for drain in drains:
                drain.cancel()


async def _drain(child: asyncio.subprocess.Process) -> None:
    assert child.stdout is not None
    async for _ in child.stdout:
        pass


async def _stored(mongo: Mongo, settings: Settings) -> dict[TopicPartition, int]:
    wanted = {"group": settings.kafka_topic_prefix + GROUP}
    rows = mongo["offsets"].find(wanted)
    return {TopicPartition(row["topic"], row["partition"]): row["next"] async for row in rows}


class Standing:
    """How long partitions with records stand still."""

    def __init__(self, ends: Mapping[TopicPartition, int]) -> None:
        self.longest = 0.0
        self._ends = ends
        self._seen: dict[TopicPartition, tuple[int, float]] = {}

    def see(self, stored: Mapping[TopicPartition, int]) -> None:
        """Takes in where the partitions are now."""
        now = time.monotonic()
        for partition, next_ in stored.items():
            before, since = self._seen.get(partition, (0, now))
            if next_ != before:
                self._seen[partition] = next_, now
            elif next_ < self._ends[partition] and before:
                self.longest = max(self.longest, now - since)


async def _has_worked(http: aiohttp.ClientSession, url: str) -> bool:
    name = 'bilet_consumer_records_total{group="'
    try:
        async with http.get(url) as answer:
            lines = (await answer.text()).splitlines()
    except aiohttp.ClientError:
        return False
    return any(line.startswith(name) and GROUP in line and not line.endswith(" 0.0") for line in lines)


async def _run(settings: Settings, n: int, ends: Mapping[TopicPartition, int], kill: bool = False) -> Run:
    """Lets `n` fresh workers apply everything into a fresh database; with `kill`, one of them dies at a third."""
    mongo = Mongo(settings.mongo_url, settings.database("analytics"))
    await mongo.drop()
    await mongo.ensure(COLLECTIONS)  # not by `migrate`, which would replay the backlog itself
    begun, first, end, standing = time.monotonic(), dict[str, float](), sum(ends.values()), Standing(ends)
    async with _workers(settings, n) as (children, urls), aiohttp.ClientSession() as http:
        while (handled := sum((stored := await _stored(mongo, settings)).values())) < end:
            standing.see(stored)
            for url in urls:
                if url not in first and await _has_worked(http, url):
                    first[url] = time.monotonic() - begun
            if kill and handled > end / 3:
                children.pop().kill()
                kill = False
            await asyncio.sleep(0.1)
        seconds = time.monotonic() - begun
    mongo.close()
    return Run(seconds, tuple(sorted(first.values())), standing.longest)


@pytest.mark.timeout(1_800)
async def test_two_workers_are_together_at_least_as_fast_as_one(infrastructure: Infrastructure) -> None:
    settings = own_settings(infrastructure, "http://127.0.0.1:9/issuer").model_copy(update={"kafka_partitions": 12})
    await create_topics(settings)
    await publish(settings, enveloped(builders.region()), enveloped(builders.season()))
    batch: list[Envelope] = []
    for envelope in _history(EVENTS // 10):
        batch.append(envelope)
        if len(batch) == A_TIME:
            await publish(settings, *batch)
            batch.clear()
    await publish(settings, *batch)
    ends = await kafka.end_offsets(settings.bootstrap, [settings.kafka_topic_prefix + name for name in FACTS])
    end = sum(ends.values())
    runs: dict[str, list[Run]] = {"one": [], "two": [], "four": [], "four, one killed": []}
    for _ in range(RUNS):
        runs["one"].append(await _run(settings, 1, ends))
        runs["two"].append(await _run(settings, 2, ends))
    runs["four"].append(await _run(settings, 4, ends))
    runs["four, one killed"].append(await _run(settings, 4, ends, kill=True))
    medians = {name: statistics.median(run.seconds for run in done) for name, done in runs.items()}
    record(
        "Workers of analytics over a backlog",
        f"{end:,} events, 12 partitions, a fresh database each; a killed worker's partitions wait for its session, "
        f"{SESSION_MS / 1000:.0f} s.",
        [
            {
                "workers": name,
                "seconds, median": f"{medians[name]:.1f}",
                "events/s": f"{end / medians[name]:,.0f}",
                "× one worker": f"{medians['one'] / medians[name]:.2f}",
                "a partition stood still, s": "; ".join(f"{run.stood:.1f}" for run in done),
                "first facts of each applied after, s": "; ".join(
                    ", ".join(f"{second:.1f}" for second in run.first) for run in done
                ),
            }
            for name, done in runs.items()
        ],
    )
    assert all(len(run.first) == 2 for run in runs["two"]), "a worker was given nothing to do"
