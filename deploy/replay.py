"""Fills what a release folds otherwise than the one before it: new groups replay the events before anyone asks."""

import asyncio
import importlib
from collections.abc import Mapping, Sequence

from aiokafka import TopicPartition

from shared.base.settings import Settings
from shared.contracts.topics import GROUPS
from shared.messaging import kafka
from shared.messaging.consumer import BatchConsumer
from shared.messaging.readers import Readers
from shared.runtime.service import Platform

FOLDS = ("registration.rules", "registration.steps", "trials.participants.2", "analytics.views.2")
"""Groups that fold what they read into collections of their own. Those of an earlier release go on beside them."""
LOOK_SECONDS = 0.2
STOP_SECONDS = 15.0
Ends = Mapping[TopicPartition, int]


async def replay(settings: Settings) -> None:
    """Handles the history for every fold that has not come through it while there is one; returns when it has.

    One that was interrupted goes on where it ended.
    """
    for service in dict.fromkeys(GROUPS[group] for group in FOLDS):
        platform = Platform(service, settings)
        try:
            workers: Mapping[str, Sequence[BatchConsumer]] = (
                importlib.import_module(f"services.{service}.app").build(platform).workers
            )
            for consumers in workers.values():
                await _fill(platform, consumers)
        finally:
            platform.close()


async def _fill(platform: Platform, consumers: Sequence[BatchConsumer]) -> None:
    """Runs the consumers of a role, those of the catalogue among them, until its new folds have caught up."""
    folds = {platform.settings.kafka_topic_prefix + group for group in FOLDS}
    ends = await kafka.end_offsets(platform.settings.bootstrap, {topic for c in consumers for topic in c.topics})
    new = [c for c in consumers if c.group in folds and await _is_new(platform, c) and _count(c, ends)]
    if not new:
        return
    print(f"replaying {sum(_count(c, ends) for c in new):,} events for {', '.join(c.group for c in new)}", flush=True)
    for consumer in new:
        await consumer.offsets.begin_filling()
    readers = Readers(platform.settings.bootstrap, consumers, platform.metrics)
    await readers.start(ends, STOP_SECONDS)
    try:
        while not all(consumer.caught_up.is_set() for consumer in new):
            await asyncio.sleep(LOOK_SECONDS)
            for consumer in consumers:
                await consumer.look_whether_caught_up()
                if consumer.failed.done():
                    consumer.failed.result()
    finally:
        await readers.stop()


async def _is_new(platform: Platform, consumer: BatchConsumer) -> bool:
    begun = await platform.mongo["offsets"].find_one({"group": consumer.group}) is not None
    return not begun or await consumer.offsets.is_filling()


def _count(consumer: BatchConsumer, ends: Ends) -> int:
    return sum(end for partition, end in ends.items() if partition.topic in consumer.topics)
