"""Brings a service to this release: its topics, collections and older rows, and what it folds otherwise than before."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

from aiokafka import TopicPartition

from shared.base.settings import Settings
from shared.contracts import topics
from shared.contracts.topics import GROUPS
from shared.messaging import kafka
from shared.messaging.consumer import BatchConsumer
from shared.messaging.readers import Readers
from shared.runtime.service import Platform, Service, Upgrade
from shared.storage.collections import Collections
from shared.storage.mongo import Mongo

FOLDS = (
    "registration.rules",
    "registration.steps",
    "trials.participants.2",
    "notifications.places",
    "analytics.views.4",
    "analytics.reservations",
)
"""Groups that fold what they read into collections of their own. Those of an earlier release go on beside them."""
LOOK_SECONDS = 0.2
STOP_SECONDS = 15.0
Ends = Mapping[TopicPartition, int]


class App(Protocol):
    """A service's module `app`; it may have `UPGRADES` of rows, and `LATER_UPGRADES`, which need what is folded."""

    COLLECTIONS: Collections

    def build(self, platform: Platform) -> Service:
        """Wires the service."""


async def create_topics(settings: Settings) -> None:
    """Creates every topic of events, and one of dead letters a group; a region's is made when the region appears."""
    prefix = settings.kafka_topic_prefix
    events = {prefix + topic.name: settings.kafka_partitions if topic.spread else 1 for topic in topics.TOPICS}
    letters = {topics.dead_letters(prefix + group): 1 for group in GROUPS}
    await kafka.ensure_topics(settings.bootstrap, events | letters, settings.kafka_replication, large=letters)


async def prepare(service: str, app: App, settings: Settings) -> int | None:
    """Creates a service's collections and indexes and brings its rows up to date.

    Returns for how many seconds its server keeps an abandoned transaction, if it says so.
    """
    mongo = Mongo(settings.mongo_url, settings.database(service))
    try:
        await mongo.ensure(app.COLLECTIONS)
        await _upgrade(service, getattr(app, "UPGRADES", ()), mongo, settings)
        return await mongo.transaction_lifetime()
    finally:
        mongo.close()


async def _upgrade(service: str, upgrades: Sequence[Upgrade], mongo: Mongo, settings: Settings) -> None:
    for upgrade in upgrades:
        for line in await upgrade(mongo, settings):
            print(f"{service}: {line}")


async def replay(service: str, app: App, settings: Settings) -> None:
    """Handles the history for every fold that has not come through it while there is one; returns when it has.

    One that was interrupted goes on where it ended. Rows that are judged by what is folded come to date after it.
    """
    if service not in {GROUPS[group] for group in FOLDS}:
        return
    platform = Platform(service, settings)
    try:
        for consumers in app.build(platform).workers.values():
            await _fill(platform, consumers)
        await _upgrade(service, getattr(app, "LATER_UPGRADES", ()), platform.mongo, settings)
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
        while not all(consumer.catch_up.done.is_set() for consumer in new):
            await asyncio.sleep(LOOK_SECONDS)
            for consumer in consumers:
                await consumer.catch_up.look()
                if consumer.failed.done():
                    consumer.failed.result()
    finally:
        await readers.stop()


async def _is_new(platform: Platform, consumer: BatchConsumer) -> bool:
    begun = await platform.mongo["offsets"].find_one({"group": consumer.group}) is not None
    return not begun or await consumer.offsets.is_filling()


def _count(consumer: BatchConsumer, ends: Ends) -> int:
    return sum(end for partition, end in ends.items() if partition.topic in consumer.topics)
