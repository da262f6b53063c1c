"""Merged pupils whose two partitions two workers read: they are killed under load, and every figure is exact."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random
from typing import Any

import pytest
from aiokafka.partitioner import DefaultPartitioner

from services.analytics.collections import GUARDIANS
from services.analytics.consumers import CATALOGUE as CATALOGUES
from services.analytics.consumers import FACTS, VIEWS
from shared.base.settings import Settings
from shared.contracts.registration import ParticipantMerged
from shared.messaging import kafka
from shared.runtime.service import Platform
from shared.storage.mongo import Mongo
from tests.builders import events as builders
from tests.builders.entries import DAYS, SEASON, Entries
from tests.builders.events import enveloped
from tests.drivers.analytics import Analytics
from tests.drivers.consumers import consuming, eventually, publish
from tests.drivers.figures import figures, interleaved, known_pupils, same_as_a_recount
from tests.drivers.processes import environment_of, process

HARDER = builders.season(diagnostics=("readiness", "interests"), trials_required=3)
CATALOGUE = [enveloped(HARDER), enveloped(builders.season("camp")), enveloped(builders.region())]


@asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[asyncio.subprocess.Process]:
    """A worker process of analytics, whose log is read away."""
    async with process(environment_of(settings), "analytics", "worker") as child:
        assert child.stdout is not None
        drain = asyncio.create_task(child.stdout.read())
        try:
            yield child
        finally:
            drain.cancel()


async def everything_is_applied(mongo: Mongo, settings: Settings) -> bool:
    """Whether the groups of the figures have reached the end of every topic."""
    prefix, reached = settings.kafka_topic_prefix, []
    for group, names in ((VIEWS, FACTS), ("analytics.catalogue", CATALOGUES)):
        topics = [prefix + name for name in names]
        stored = mongo["offsets"].find({"group": prefix + group, "topic": {"$in": topics}})
        ends = await kafka.end_offsets(settings.bootstrap, topics)
        reached.append(sum([row["next"] async for row in stored]) == sum(ends.values()))
    return all(reached)


async def stored(mongo: Mongo) -> dict[str, Any]:
    """All that was folded, in an order of its own; how often rows of merged pupils were met is no part of it."""
    return {
        "pupils": await known_pupils(mongo),
        "guardians": {row["_id"]: row async for row in mongo[GUARDIANS].find({})},
        "cells": {day: await figures(mongo, day) for day in DAYS},
    }


@pytest.mark.timeout(300)
async def test_two_workers_with_the_two_partitions_of_pairs_that_are_killed_under_load(
    platform_of: Callable[..., Platform],
) -> None:
    rng, analytics = Random("pairs"), Analytics(platform_of("analytics"))
    settings, mongo = analytics.platform.settings, analytics.platform.mongo
    entries = Entries(rng, [f"p{n}" for n in range(40)], guardians=100_000)  # workers never meet at one of these
    await analytics.migrate()
    await publish(settings, *CATALOGUE)
    async with AsyncExitStack() as running:
        workers = [await running.enter_async_context(working(settings)) for _ in range(2)]
        for version, definition in enumerate((HARDER, SEASON, HARDER, SEASON), 2):
            await publish(settings, enveloped(definition, version))
            for turn in range(12):
                await publish(settings, *interleaved(entries.happen(80), rng))
                if turn == 8 and definition is SEASON:  # its partitions wait for its session
                    workers.pop(0).kill()
                    workers.append(await running.enter_async_context(working(settings)))
                await asyncio.sleep(rng.random() / 5)
            await eventually(lambda: everything_is_applied(mongo, settings))
    partition = DefaultPartitioner()
    pairs = {(fact.event.key, fact.event.other) for fact in entries.told if isinstance(fact.event, ParticipantMerged)}
    apart = [pair for pair in pairs if len({partition(id.encode(), [0, 1], [0, 1]) for id in pair}) == 2]
    assert len(apart) > 10
    assert entries.survivors
    await same_as_a_recount(mongo, entries.told)
    live = await stored(mongo)
    await mongo.drop()
    await analytics.migrate()
    async with consuming(settings, *Analytics(analytics.platform).views):
        await eventually(lambda: everything_is_applied(mongo, settings))
    assert await stored(mongo) == live
