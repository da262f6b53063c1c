"""Polls on a real broker and database: nothing lost, nothing twice, and the unreadable put aside by position."""

from collections.abc import Callable, Sequence

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.base.settings import Settings
from shared.contracts import topics
from shared.messaging import kafka
from shared.messaging.failures import RecordsLost, TooManyInvalid
from shared.messaging.poll import Poll, Received
from shared.operations.lag import faults
from shared.runtime.service import Platform
from shared.storage.mongo import Transaction
from tests.drivers.consumers import consuming, eventually, publish, read_all
from tests.drivers.one_consumer import GROUP, TOPIC, Fixture, pupils


@pytest.fixture
def fixture(platform_of: Callable[..., Platform]) -> Fixture:
    return Fixture(platform_of("analytics"))


async def test_a_restart_goes_on_where_the_effects_ended(fixture: Fixture) -> None:
    await publish(fixture.settings, *pupils(30))
    async with consuming(fixture.settings, fixture.consumer()):
        await eventually(lambda: fixture.saw(30))
    await publish(fixture.settings, *pupils(30, start=30))
    async with consuming(fixture.settings, fixture.consumer()):
        await eventually(lambda: fixture.saw(60))
    assert await fixture.seen.ids() == [e.id for e in pupils(60)]


async def test_a_lost_kafka_offset_and_a_wrong_one_change_nothing(fixture: Fixture) -> None:
    """The committed offset is advice: here it points beyond everything before the group has read anything."""
    await publish(fixture.settings, *pupils(20))
    consumer = fixture.consumer()
    await _commit_ends(fixture.settings, consumer.group)
    async with consuming(fixture.settings, consumer):
        await eventually(lambda: fixture.saw(20))
    assert await fixture.seen.ids() == [e.id for e in pupils(20)]


async def _commit_ends(settings: Settings, group: str) -> None:
    ends = await kafka.end_offsets(settings.bootstrap, [settings.kafka_topic_prefix + TOPIC])
    reader = AIOKafkaConsumer(bootstrap_servers=settings.bootstrap, group_id=group, enable_auto_commit=False)
    await reader.start()
    reader.assign(list(ends))
    await reader.commit(ends)
    await reader.stop()


async def test_a_handler_that_fails_is_tried_again_with_the_same_records(fixture: Fixture) -> None:
    failures = iter([OSError("a dependency"), OSError("again")])
    apply = fixture.seen.apply

    async def failing(received: Sequence[Received], tx: Transaction) -> None:
        await apply(received, tx)
        if (failure := next(failures, None)) is not None:
            raise failure

    consumer = fixture.platform.consumer(GROUP, [TOPIC], failing)
    await publish(fixture.settings, *pupils(10))
    async with consuming(fixture.settings, consumer):
        await eventually(lambda: fixture.saw(10))
    assert await fixture.seen.ids() == [e.id for e in pupils(10)]


async def test_a_zombie_cannot_apply_what_another_worker_has_applied(fixture: Fixture) -> None:
    """A poll still in hand, of which another worker has applied the first half: only the rest has an effect."""
    envelopes = pupils(10)
    await publish(fixture.settings, *envelopes, partition=0)
    records = await read_all(fixture.settings, fixture.settings.kafka_topic_prefix + TOPIC)
    ours, another = fixture.consumer(), fixture.consumer()
    async with consuming(fixture.settings, another):
        await eventually(lambda: fixture.saw(10))
        await publish(fixture.settings, *pupils(5, start=10), partition=0)
        await eventually(lambda: fixture.saw(15))
        await another.handle_poll(Poll.of(records))
    assert await fixture.seen.ids() == [e.id for e in pupils(15)]
    await _rewind(fixture, 5)
    await fixture.seen.rows.delete_many({"offset": {"$gte": 5}})
    async with consuming(fixture.settings, ours):
        await ours.handle_poll(Poll.of(records))
        await eventually(lambda: fixture.saw(15))
    assert await fixture.seen.ids() == [e.id for e in pupils(15)]


async def test_a_poll_beyond_a_gap_is_not_applied_but_read_again(fixture: Fixture) -> None:
    """A database restored from a backup is behind the broker: reading goes back to where its effects end."""
    await publish(fixture.settings, *pupils(20), partition=0)
    consumer = fixture.consumer()
    async with consuming(fixture.settings, consumer):
        await eventually(lambda: fixture.saw(20))
        await _rewind(fixture, 5)
        await fixture.seen.rows.delete_many({"offset": {"$gte": 5}})
        await publish(fixture.settings, *pupils(1, start=20), partition=0)
        await eventually(lambda: fixture.saw(21))
    assert await fixture.seen.ids() == [e.id for e in pupils(21)]


async def test_a_topic_that_ends_before_what_was_handled_stops_the_group(fixture: Fixture) -> None:
    """A broker that has lost its end gives the numbers again: what is new would count as handled."""
    await publish(fixture.settings, *pupils(10), partition=0)
    async with consuming(fixture.settings, fixture.consumer()):
        await eventually(lambda: fixture.saw(10))
    await _rewind(fixture, 12)
    with pytest.raises(RecordsLost, match=r":0 ends at offset 10, but .* has handled everything below 12"):
        async with consuming(fixture.settings, fixture.consumer()):
            pass
    assert ["ends at offset 10" in fault for fault in await faults(fixture.settings)] == [True]


async def _rewind(fixture: Fixture, offset: int) -> None:
    topic = fixture.settings.kafka_topic_prefix + TOPIC
    moved = await fixture.platform.mongo["offsets"].update_one(
        {"topic": topic, "partition": 0}, {"$set": {"next": offset}}
    )
    assert moved.modified_count == 1


async def test_too_many_unreadable_records_in_a_row_stop_the_consumer(platform_of: Callable[..., Platform]) -> None:
    limited = Fixture(platform_of("analytics", dead_letters_in_a_row=3))
    settings = limited.settings
    topic = settings.kafka_topic_prefix + TOPIC
    async with kafka.producer(settings.bootstrap) as producer:
        for _ in range(5):
            await producer.send_and_wait(topic, b"{", b"k", partition=0)
    consumer = limited.consumer()
    async with consuming(settings, consumer):

        async def gave_up() -> bool:
            return consumer.failed.done()

        await eventually(gave_up)
    assert isinstance(consumer.failed.exception(), TooManyInvalid)
    assert await limited.platform.outbox.size() == 0
    assert await read_all(settings, topics.dead_letters(consumer.group)) == []
    assert (await consumer.offsets.read([TopicPartition(topic, 0)])).popitem()[1] == 0


async def test_unreadable_records_in_a_row_are_counted_over_polls_until_one_can_be_read(
    platform_of: Callable[..., Platform],
) -> None:
    limited = Fixture(platform_of("analytics", dead_letters_in_a_row=3))
    settings, good = limited.settings, pupils(1)
    topic = settings.kafka_topic_prefix + TOPIC

    async def unreadable(count: int) -> None:
        async with kafka.producer(settings.bootstrap) as producer:
            for _ in range(count):
                await producer.send_and_wait(topic, b"{", b"k", partition=0)

    async def handled_up_to(offset: int) -> None:
        """By a consumer of its own, as after a restart."""
        consumer = limited.consumer()

        async def there() -> bool:
            assert not consumer.failed.done()
            return (await consumer.offsets.read([TopicPartition(topic, 0)])).popitem()[1] == offset

        async with consuming(settings, consumer):
            await eventually(there)

    await unreadable(3)
    await handled_up_to(3)
    await publish(settings, *good, partition=0)
    await unreadable(2)
    await handled_up_to(6)
    await unreadable(1)
    await handled_up_to(7)
    await unreadable(1)
    consumer = limited.consumer()
    async with consuming(settings, consumer):

        async def gave_up() -> bool:
            return consumer.failed.done()

        await eventually(gave_up)
    assert "4 unreadable records in a row" in str(consumer.failed.exception())
    assert await limited.seen.ids() == [good[0].id]


async def test_in_quiet_hours_a_record_does_not_wait_for_others(fixture: Fixture) -> None:
    linger = 20
    async with consuming(fixture.settings, fixture.consumer(linger_ms=1000 * linger)):
        await publish(fixture.settings, *pupils(1))
        await eventually(lambda: fixture.saw(1), linger / 2)
