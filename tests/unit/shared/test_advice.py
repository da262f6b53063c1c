"""What a group commits to Kafka is advice: whatever becomes of it, the poll has been handled."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import pytest_asyncio
from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError

from shared.base.settings import Settings
from shared.messaging.consumer import BatchConsumer
from shared.runtime.service import Platform

KEPT, LOST = TopicPartition("registration.events.v1", 0), TopicPartition("registration.events.v1", 1)


class Rebalanced:
    """A reader that loses a partition while it commits; as aiokafka's, it tells no end of what it does not have."""

    def __init__(self, refusal: Exception | None) -> None:
        self.stopped: dict[TopicPartition, object] = {}
        self.mine = {KEPT, LOST}
        self.asked: list[dict[TopicPartition, int]] = []
        self.refusal = refusal

    def assignment(self) -> frozenset[TopicPartition]:
        return frozenset(self.mine)

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        self.asked.append(dict(offsets))
        self.mine.discard(LOST)
        if self.refusal is not None:
            raise self.refusal

    def highwater(self, partition: TopicPartition) -> int:
        assert partition in self.mine, "Partition is not assigned"
        return 12


@pytest_asyncio.fixture
async def consumer() -> AsyncIterator[BatchConsumer]:
    nowhere = Settings(
        kafka_bootstrap_servers="127.0.0.1:9",
        mongo_url="mongodb://127.0.0.1:9",
        master_key=bytes(32),
        oidc_issuer="http://127.0.0.1:9",
    )
    platform = Platform("trials", nowhere)

    async def handle(*_: Any) -> None: ...

    yield platform.consumer("trials.participants.2", [KEPT.topic], handle)
    platform.close()


@pytest.mark.parametrize("refusal", [None, IllegalStateError("a partition is another's")])
async def test_a_partition_that_is_lost_while_it_is_committed_ends_no_consumer(
    consumer: BatchConsumer, refusal: Exception | None
) -> None:
    consumer.reader = Rebalanced(refusal)  # type: ignore[assignment]
    consumer._advice.note({KEPT: 10, LOST: 5})
    await consumer.advise()
    assert consumer._metrics.lag.labels(consumer.group)._value.get() == 2


@pytest.mark.parametrize(("refusal", "again"), [(None, []), (IllegalStateError("not now"), [{KEPT: 10}])])
async def test_what_kafka_refused_is_told_again_and_nothing_else(
    consumer: BatchConsumer, refusal: Exception | None, again: list[dict[TopicPartition, int]]
) -> None:
    reader = consumer.reader = Rebalanced(refusal)  # type: ignore[assignment]
    consumer._advice.note({KEPT: 10, LOST: 5})
    await consumer.advise()
    await consumer.advise()
    assert reader.asked == [{KEPT: 10, LOST: 5}, *again]


async def test_what_kafka_refused_is_forgotten_with_the_partitions_that_are_given_out_meanwhile(
    consumer: BatchConsumer,
) -> None:
    class Revoked(Rebalanced):
        async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
            consumer._advice.forget()
            await super().commit(offsets)

    reader = Revoked(IllegalStateError("a rebalance"))
    consumer.reader = reader  # type: ignore[assignment]
    consumer._advice.note({KEPT: 10})
    await consumer.advise()
    reader.refusal = None
    await consumer.advise()
    assert reader.asked == [{KEPT: 10}]
