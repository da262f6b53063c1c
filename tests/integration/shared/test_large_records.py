"""Records that a broker takes packed and nobody can keep unpacked: put aside by every group, and nothing stands."""

import importlib
from collections.abc import Callable, Sequence

import pytest
from aiokafka import AIOKafkaProducer

from shared.contracts import topics, wire
from shared.contracts.event import Envelope
from shared.contracts.topics import GROUPS
from shared.runtime.service import Platform
from tests.builders import events as builders
from tests.builders.events import enveloped
from tests.drivers.consumers import consuming, eventually, publish, read_all, relay_once
from tests.drivers.effects import EFFECTS, Worker

MB = 1_000_000


async def _publish_packed(platform: Platform, envelope: Envelope, values: Sequence[bytes]) -> None:
    settings = platform.settings
    topic = settings.kafka_topic_prefix + envelope.event.topic
    async with AIOKafkaProducer(
        bootstrap_servers=settings.bootstrap,
        compression_type="gzip",
        max_request_size=40 * MB,
        max_batch_size=40 * MB,
    ) as producer:
        for value in values:
            await producer.send_and_wait(topic, value, b"k", partition=0, headers=wire.headers(envelope))


@pytest.mark.parametrize("group", GROUPS)
async def test_what_is_too_large_to_be_kept_is_put_aside_and_its_neighbours_are_applied(
    group: str, platform_of: Callable[..., Platform]
) -> None:
    """1.5 MB fit into a letter; 5 MB fit into a database, but into no topic; 20 MB fit nowhere."""
    effect, platform = EFFECTS[group], platform_of(GROUPS[group])
    worker = Worker(platform, group)
    await platform.mongo.ensure(importlib.import_module(f"services.{platform.service}.app").COLLECTIONS)
    if effect.waits_for_season:
        await publish(platform.settings, enveloped(builders.season()))
    large = enveloped(effect.of("RU-ROS-900"))
    values = [wire.value(large)[:-1] + b" " * size + b"}" for size in (3 * MB // 2, 5 * MB, 20 * MB)]
    good = [enveloped(effect.of(f"RU-ROS-{n:03}")) for n in range(4)]
    await publish(platform.settings, *good[:2], partition=0)
    await _publish_packed(platform, large, values)
    await publish(platform.settings, *good[2:], partition=0)

    async def done() -> bool:
        for consumer in worker.consumers:
            if consumer.failed.done():
                consumer.failed.result()
        return await effect.applied(platform) == effect.expected(good)

    async with consuming(platform.settings, *worker.consumers):
        await eventually(done)
    await relay_once(platform)
    letters = await read_all(platform.settings, topics.dead_letters(worker.name))
    reasons = [dict(letter.headers)["dlq_reason"].decode() for letter in letters]
    assert [letter.value for letter in letters] == [values[0], None, None]
    assert all("an event has at most 1000000" in reason for reason in reasons), reasons
    assert ["in its own topic alone" in reason for reason in reasons] == [False, True, True]
