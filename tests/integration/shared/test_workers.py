"""Several workers of every group: all of them ready from a cold start, sharing the work as they come and go."""

import asyncio
import importlib
from collections.abc import Callable, Sequence
from itertools import count

import pytest

from shared.base.settings import Settings
from shared.contracts.event import Envelope
from shared.contracts.topics import GROUPS
from shared.messaging import kafka
from shared.messaging.consumer import BatchConsumer
from shared.messaging.readers import Readers
from shared.runtime.service import Platform
from tests.builders import events as builders
from tests.builders.events import enveloped
from tests.drivers.consumers import eventually, publish
from tests.drivers.effects import EFFECTS

SERVICES = tuple(dict.fromkeys(GROUPS.values()))


class Replica:
    """One worker process of a service: every group of it."""

    def __init__(self, platform: Platform) -> None:
        service = importlib.import_module(f"services.{platform.service}.app").build(platform)
        self.consumers: Sequence[BatchConsumer] = [c for role in service.workers.values() for c in role]
        self._settings = platform.settings
        self._readers = Readers(platform.settings.bootstrap, self.consumers, platform.metrics)

    async def start(self) -> "Replica":
        topics = {topic for consumer in self.consumers for topic in consumer.topics}
        await self._readers.start(await kafka.end_offsets(self._settings.bootstrap, topics), graceful_seconds=5)
        return self

    async def stop(self) -> None:
        await self._readers.stop()

    async def is_ready(self) -> bool:
        """As its process would say: what other groups wait for has been read, and nobody has given up."""
        for consumer in self.consumers:
            if consumer.failed.done():
                consumer.failed.result()
        return all(c.catch_up.done.is_set() for c in self.consumers if c.catch_up.is_reference)


class Load:
    """Events of every group of a service, sent on and on, and what they have to lead to."""

    def __init__(self, settings: Settings, service: str) -> None:
        self._settings = settings
        self._effects = {group: EFFECTS[group] for group, owner in GROUPS.items() if owner == service}
        self._numbers = count()
        self.sent: dict[str, list[Envelope]] = {group: [] for group in self._effects}

    async def send(self, n: int) -> None:
        for group, effect in self._effects.items():
            fresh = [enveloped(effect.of(f"RU-ROS-{next(self._numbers):05}")) for _ in range(n)]
            await publish(self._settings, *fresh)
            self.sent[group] += fresh

    async def is_applied(self, platform: Platform) -> bool:
        for group, effect in self._effects.items():
            if not set(effect.expected(self.sent[group])) <= set(await effect.applied(platform)):
                return False
        return True


@pytest.mark.parametrize("service", SERVICES)
async def test_workers_of_every_group_are_ready_from_cold_and_share_the_work_as_they_come_and_go(
    service: str, platform_of: Callable[..., Platform]
) -> None:
    """1 → 2 → 4 → 1 under load; the second and the fourth are given nothing of a catalogue."""
    platform = platform_of(service)
    await platform.mongo.ensure(importlib.import_module(f"services.{service}.app").COLLECTIONS)
    load = Load(platform.settings, service)
    await publish(platform.settings, enveloped(builders.season()))
    await load.send(30)
    replicas = await asyncio.gather(*(Replica(platform_of(service)).start() for _ in range(2)))
    try:
        for replica in replicas:
            await eventually(replica.is_ready)
        for joining in (0, 2):
            replicas += await asyncio.gather(*(Replica(platform_of(service)).start() for _ in range(joining)))
            await load.send(30)
            for replica in replicas:
                await eventually(replica.is_ready)
            await eventually(lambda: load.is_applied(platform))
        await asyncio.gather(*(replica.stop() for replica in replicas[1:]))
        await load.send(30)
        await eventually(lambda: load.is_applied(platform))
    finally:
        await asyncio.gather(*(replica.stop() for replica in replicas))
