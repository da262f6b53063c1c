"""Records that cannot be read: put aside alone, or their partition stands still and says where."""

from collections.abc import Callable

import pytest
from aiokafka import TopicPartition

from deploy.local.stack import Infrastructure
from shared.contracts import topics
from shared.operations.lag import faults
from shared.runtime.service import Platform
from tests.builders.events import enveloped, registered
from tests.drivers.consumers import consuming, eventually, publish, read_all, relay_once
from tests.drivers.one_consumer import TOPIC, Fixture, pupils
from tests.integration.shared.changed_logs import (
    grow,
    mend_on_disk,
    others,
    publish_packed,
    publish_with_odd_header,
    spoil_on_disk,
)


@pytest.fixture
def fixture(platform_of: Callable[..., Platform]) -> Fixture:
    return Fixture(platform_of("analytics"))


@pytest.fixture
def partition(fixture: Fixture) -> TopicPartition:
    return TopicPartition(fixture.settings.kafka_topic_prefix + TOPIC, 0)


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
async def test_every_codec_of_kafka_is_read(fixture: Fixture, codec: str) -> None:
    await publish_packed(fixture.settings, codec, pupils(50))
    async with consuming(fixture.settings, fixture.consumer()):
        await eventually(lambda: fixture.saw(50))


async def test_a_header_whose_name_is_no_text_is_put_aside_and_its_neighbours_are_applied(
    fixture: Fixture, partition: TopicPartition
) -> None:
    good = pupils(6)
    await publish(fixture.settings, *good[:2], partition=0)
    await publish_with_odd_header(fixture.settings, [good[2], *others(1), good[3]], odd=1)
    await publish(fixture.settings, *good[4:], partition=0)
    consumer = fixture.consumer()
    async with consuming(fixture.settings, consumer):
        await eventually(lambda: fixture.saw(6))
    await relay_once(fixture.platform)
    (letter,) = await read_all(fixture.settings, topics.dead_letters(consumer.group))
    headers = dict(letter.headers)
    assert headers["dlq_position"] == f"{partition.topic}:0:3".encode()
    assert headers["dlq_reason"] == b"the name of a header is not UTF-8"
    assert headers["\\xff\\xfename"] == b"x"
    assert await fixture.seen.ids() == [e.id for e in good]


async def test_what_was_read_of_others_before_a_batch_that_cannot_be_read_is_not_passed_over(
    fixture: Fixture, partition: TopicPartition, infrastructure: Infrastructure
) -> None:
    """What one call of the client took of the partitions before the one at fault is lost there; the order is chance."""
    if infrastructure.provider != "processes":
        pytest.skip("the broker's disk is out of reach")
    await grow(fixture.settings, partition.topic, 12)
    await publish(fixture.settings, enveloped(registered("spoilt")), partition=0)
    spoil_on_disk(infrastructure.data, partition, b"spoilt")
    for other in range(1, 12):
        await publish(fixture.settings, *pupils(3, start=3 * other), partition=other)
    async with consuming(fixture.settings, fixture.consumer()):
        await eventually(lambda: fixture.saw(33), seconds=20.0)
    assert await fixture.seen.ids() == [e.id for e in pupils(33, start=3)]


async def test_a_batch_that_cannot_be_read_stops_its_partition_alone_and_says_where(
    fixture: Fixture, partition: TopicPartition, infrastructure: Infrastructure
) -> None:
    if infrastructure.provider != "processes":
        pytest.skip("the broker's disk is out of reach")
    await publish(fixture.settings, *pupils(5), partition=0)
    await publish(fixture.settings, enveloped(registered("spoilt")), partition=0)
    await publish(fixture.settings, *pupils(5, start=5), partition=0)
    place = spoil_on_disk(infrastructure.data, partition, b"spoilt")
    consumer = fixture.consumer()
    async with consuming(fixture.settings, consumer):
        await eventually(lambda: fixture.saw(5))
        await publish(fixture.settings, *pupils(5, start=10), partition=1)
        await eventually(lambda: fixture.saw(10))

        async def told() -> bool:
            return consumer.trouble.reason is not None and len(await faults(fixture.settings)) == 1

        await eventually(told)
        assert f"{partition.topic}:0, offsets 5 to 5 cannot be read: its checksum is wrong" == consumer.trouble.reason
    (fault,) = await faults(fixture.settings)
    assert f"stands at {partition.topic}:0:5" in fault
    assert await fixture.seen.ids() == [e.id for e in [*pupils(5), *pupils(5, start=10)]]

    mend_on_disk(infrastructure.data, partition, place)
    async with consuming(fixture.settings, fixture.consumer()):
        await eventually(lambda: fixture.saw(11))
    assert await faults(fixture.settings) == [], "another worker has read on since"
