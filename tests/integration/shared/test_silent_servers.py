"""Servers that do not answer for a moment: whatever a consumer asked them beside its polls is asked again."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError
from pymongo.errors import AutoReconnect

from shared.messaging.isolation import Isolation
from shared.runtime.service import Platform
from tests.drivers.consumers import consuming, eventually, publish
from tests.drivers.one_consumer import GROUP, TOPIC, Fixture, pupils
from tests.integration.shared.changed_logs import publish_in_transaction

TIMES = 2


@pytest.fixture
def fixture(platform_of: Callable[..., Platform]) -> Fixture:
    return Fixture(platform_of("analytics"))


def silent(asked: Callable[..., Awaitable[Any]], error: Exception) -> tuple[Callable[..., Awaitable[Any]], list[int]]:
    """The same question, which is not answered the first times, and how often it was asked."""
    times: list[int] = []

    async def ask(*about: Any, **more: Any) -> Any:
        times.append(len(times))
        if len(times) <= TIMES:
            raise error
        return await asked(*about, **more)

    return ask, times


@pytest.mark.parametrize("error", [UnknownTopicOrPartitionError("a topic"), AutoReconnect("the database")])
async def test_a_poll_that_others_have_handled_waits_for_who_tells_where_reading_goes_on(
    fixture: Fixture, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    await publish(fixture.settings, *pupils(10), partition=0)
    consumer = fixture.consumer()
    async with consuming(fixture.settings, consumer):
        await eventually(lambda: fixture.saw(10))
        await fixture.platform.mongo["offsets"].update_one({"partition": 0}, {"$set": {"next": 5}})
        await fixture.seen.rows.delete_many({"offset": {"$gte": 5}})
        ask, times = silent(consumer.lineage.must_hold, error)
        monkeypatch.setattr(consumer.lineage, "must_hold", ask)
        await publish(fixture.settings, *pupils(1, start=10), partition=0)
        await eventually(lambda: fixture.saw(11))
        assert not consumer.failed.done()
    assert len(times) > TIMES
    assert await fixture.seen.ids() == [e.id for e in pupils(11)]


async def test_offsets_without_a_record_wait_for_who_tells_where_the_log_begins(
    fixture: Fixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish(fixture.settings, *pupils(3), partition=0)
    consumer = fixture.consumer()
    async with consuming(fixture.settings, consumer):
        await eventually(lambda: fixture.saw(3))
        ask, times = silent(consumer.logs.bounds, KafkaError("the broker"))
        monkeypatch.setattr(consumer.logs, "bounds", ask)
        await publish_in_transaction(fixture.settings, pupils(2, start=3))
        await eventually(lambda: _asked(times))
        await publish_in_transaction(fixture.settings, pupils(2, start=5))
        await eventually(lambda: fixture.saw(7))
        assert not consumer.failed.done()
    assert await fixture.seen.ids() == [e.id for e in pupils(7)]


async def _asked(times: list[int]) -> bool:
    return len(times) > TIMES


async def test_records_at_fault_wait_for_the_database_that_counts_them(
    fixture: Fixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply = fixture.seen.apply

    async def fails(received: Any, tx: Any) -> None:
        await apply(received, tx)
        if any(r.envelope.event.participant == "p0001" for r in received):
            raise OverflowError

    ask, times = silent(Isolation._count, AutoReconnect("the database"))
    monkeypatch.setattr(Isolation, "_count", ask)
    consumer = fixture.platform.consumer(GROUP, [TOPIC], fails)
    await publish(fixture.settings, *pupils(3), partition=0)
    async with consuming(fixture.settings, consumer):
        await eventually(lambda: fixture.saw(2))
        assert not consumer.failed.done()
    assert len(times) > TIMES
    first, _, third = pupils(3)
    assert await fixture.seen.ids() == [first.id, third.id]
