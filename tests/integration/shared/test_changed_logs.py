"""Logs that are not as a consumer left them: handled rightly, or the group ends or stands still and says why."""

from collections.abc import Callable

import pytest
from aiokafka import TopicPartition

from services.analytics.consumers import VIEWS
from shared.base.telemetry import Metrics
from shared.messaging import kafka, watch
from shared.messaging.failures import RecordsLost
from shared.messaging.readers import Readers
from shared.operations.lag import backlog, faults
from shared.runtime.service import Platform
from shared.storage import outbox
from shared.storage.mongo import Mongo
from tests.drivers.consumers import consuming, eventually, publish
from tests.drivers.one_consumer import GROUP, TOPIC, Fixture, pupils
from tests.integration.shared.changed_logs import (
    delete_records,
    grow,
    make_anew,
    open_transaction,
    others,
    publish_in_transaction,
)

MADE_ANEW = "made anew"


@pytest.fixture
def fixture(platform_of: Callable[..., Platform]) -> Fixture:
    return Fixture(platform_of("analytics"))


@pytest.fixture
def partition(fixture: Fixture) -> TopicPartition:
    return TopicPartition(fixture.settings.kafka_topic_prefix + TOPIC, 0)


@pytest.mark.parametrize("grown", [3, 15], ids=["and is shorter", "and has grown past what was handled"])
async def test_a_topic_made_anew_under_a_worker_ends_the_group(
    fixture: Fixture, partition: TopicPartition, grown: int
) -> None:
    await publish(fixture.settings, *pupils(10), partition=0)
    consumer = fixture.consumer()
    async with consuming(fixture.settings, consumer):
        await eventually(lambda: fixture.saw(10))
        assert consumer.reader is not None
        await consumer.lineage.must_hold(consumer.reader.assignment())
        await make_anew(fixture.settings, partition.topic)
        await publish(fixture.settings, *others(grown), partition=0)

        async def gave_up() -> bool:
            return consumer.failed.done()

        await eventually(gave_up)
    assert isinstance(consumer.failed.exception(), RecordsLost)
    assert MADE_ANEW in str(consumer.failed.exception())
    with pytest.raises(RecordsLost, match=MADE_ANEW):
        async with consuming(fixture.settings, fixture.consumer()):
            pass
    assert [MADE_ANEW in fault for fault in await faults(fixture.settings)] == [True]


async def test_a_topic_made_anew_while_nobody_reads_is_known_by_what_was_handled(
    fixture: Fixture, partition: TopicPartition
) -> None:
    await publish(fixture.settings, *pupils(10), partition=0)
    async with consuming(fixture.settings, fixture.consumer()):
        await eventually(lambda: fixture.saw(10))
    await make_anew(fixture.settings, partition.topic)
    await publish(fixture.settings, *others(15), partition=0)
    with pytest.raises(RecordsLost, match="another record at offset 9"):
        async with consuming(fixture.settings, fixture.consumer()):
            pass
    assert await fixture.seen.ids() == [e.id for e in pupils(10)]


async def test_a_topic_made_anew_with_fewer_partitions_ends_the_group(
    fixture: Fixture, partition: TopicPartition
) -> None:
    """Nothing was handled of the partition that is left: what tells is the one that is gone."""
    await publish(fixture.settings, *pupils(5), partition=1)
    consumer = fixture.consumer()
    async with consuming(fixture.settings, consumer):
        await eventually(lambda: fixture.saw(5))
        await make_anew(fixture.settings, partition.topic, partitions=1)
        await eventually(lambda: _is_set(consumer.failed.done))
    assert f"{partition.topic}:1 ends at offset 0" in str(consumer.failed.exception())
    assert [f"{partition.topic}:1 ends at" in fault for fault in await faults(fixture.settings)] == [True]
    with pytest.raises(RecordsLost, match=MADE_ANEW):
        async with consuming(fixture.settings, fixture.consumer()):
            pass


async def test_records_deleted_before_they_were_handled_end_the_group_at_start(
    fixture: Fixture, partition: TopicPartition
) -> None:
    await publish(fixture.settings, *pupils(10), partition=0)
    await delete_records(fixture.settings, partition, 4)
    with pytest.raises(RecordsLost, match=r"begins at offset 4, but .* below 0: the records from 0 to 3 were deleted"):
        async with consuming(fixture.settings, fixture.consumer()):
            pass


async def test_records_deleted_before_a_running_worker_has_handled_them_end_the_group(
    fixture: Fixture, partition: TopicPartition
) -> None:
    await publish(fixture.settings, *pupils(10), partition=0)
    consumer = fixture.consumer()
    async with consuming(fixture.settings, consumer):
        await eventually(lambda: fixture.saw(10))
        await fixture.platform.mongo["offsets"].update_one(
            {"topic": partition.topic, "partition": 0}, {"$set": {"next": 2}}
        )
        await delete_records(fixture.settings, partition, 8)
        await publish(fixture.settings, *others(1), partition=0)

        async def gave_up() -> bool:
            return consumer.failed.done()

        await eventually(gave_up)
    assert "begins at offset 8" in str(consumer.failed.exception())
    assert await fixture.seen.ids() == [e.id for e in pupils(10)]


async def test_deleted_records_that_had_been_handled_change_nothing(
    fixture: Fixture, partition: TopicPartition
) -> None:
    await publish(fixture.settings, *pupils(10), partition=0)
    async with consuming(fixture.settings, fixture.consumer()):
        await eventually(lambda: fixture.saw(10))
    await delete_records(fixture.settings, partition, 10)
    await publish(fixture.settings, *pupils(5, start=10), partition=0)
    async with consuming(fixture.settings, fixture.consumer()):
        await eventually(lambda: fixture.saw(15))
    assert await faults(fixture.settings) == []


async def test_offsets_without_a_record_are_passed_and_what_was_taken_back_is_not_handled(fixture: Fixture) -> None:
    await publish(fixture.settings, *pupils(3), partition=0)
    await publish_in_transaction(fixture.settings, pupils(3, start=3))
    await publish_in_transaction(fixture.settings, others(3), abort=True)
    consumer = fixture.consumer()
    async with consuming(fixture.settings, consumer):
        await eventually(lambda: fixture.saw(6))
        await publish(fixture.settings, *pupils(2, start=6), partition=0)
        await publish_in_transaction(fixture.settings, pupils(2, start=8))
        await eventually(lambda: fixture.saw(10))

        async def nothing_waits() -> bool:
            return (await backlog(fixture.settings)).lags[consumer.group] == 0

        await eventually(nothing_waits)
    assert await fixture.seen.ids() == [e.id for e in pupils(10)]
    again = fixture.consumer()
    async with consuming(fixture.settings, again):
        await eventually(lambda: _is_set(again.catch_up.done.is_set))


async def _is_set(asked: Callable[[], bool]) -> bool:
    return asked()


async def test_what_waits_behind_an_open_transaction_is_told(
    fixture: Fixture, partition: TopicPartition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "STANDING_SECONDS", 2.0)
    await publish(fixture.settings, *pupils(3), partition=0)
    consumer = fixture.consumer()
    readers = Readers(fixture.settings.bootstrap, [consumer], Metrics())
    await readers.start(await kafka.end_offsets(fixture.settings.bootstrap, consumer.topics), graceful_seconds=5)
    try:
        await eventually(lambda: fixture.saw(3))
        async with open_transaction(fixture.settings, partition.topic):
            await publish(fixture.settings, *pupils(3, start=3), partition=0)
            assert (await backlog(fixture.settings)).lags[consumer.group] == 4
            await eventually(lambda: _is_set(lambda: f"{partition.topic}:0 at 3" in str(readers.watches[0].waiting)))
            assert await fixture.seen.ids() == [e.id for e in pupils(3)]
        await eventually(lambda: fixture.saw(6))

        async def nothing_waits() -> bool:
            lag = (await backlog(fixture.settings)).lags[consumer.group]
            return readers.watches[0].waiting is None and lag == 0

        await eventually(nothing_waits)
    finally:
        await readers.stop()


async def test_what_a_group_that_never_ran_has_to_do_is_told(fixture: Fixture, partition: TopicPartition) -> None:
    await publish(fixture.settings, *pupils(3), partition=0)
    await publish(fixture.settings, *pupils(3, start=3), partition=1)
    lags = (await backlog(fixture.settings)).lags
    prefix = fixture.settings.kafka_topic_prefix
    waiting = {group.removeprefix(prefix): lag for group, lag in lags.items() if lag}
    ours = (VIEWS, "analytics.reservations", "analytics.feed")
    assert waiting == dict.fromkeys(("trials.participants.2", "notifications.inbox", "notifications.places", *ours), 6)
    async with consuming(fixture.settings, fixture.consumer()):
        await eventually(lambda: fixture.saw(6))
    await grow(fixture.settings, partition.topic, 3)
    await publish(fixture.settings, *pupils(2, start=6), partition=2)
    assert (await backlog(fixture.settings)).lags[prefix + GROUP] == 2


async def test_what_is_handled_after_the_outboxes_were_read_waits_yet(
    fixture: Fixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its answer may be in an outbox that was empty a moment ago: that nothing waits would be wrong."""
    await publish(fixture.settings, *pupils(3))
    size = outbox.size

    async def size_before_it_is_handled(mongo: Mongo) -> int:
        found = await size(mongo)
        async with consuming(fixture.settings, fixture.consumer()):
            await eventually(lambda: fixture.saw(3))
        return found

    group = fixture.consumer().group
    with monkeypatch.context() as patched:
        patched.setattr(outbox, "size", size_before_it_is_handled)
        assert (await backlog(fixture.settings)).lags[group] == 3
    assert (await backlog(fixture.settings)).lags[group] == 0
