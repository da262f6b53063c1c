"""What an operator does about records that could not be used: they are applied once, passed, or read anew."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from aiokafka import ConsumerRecord, TopicPartition

from deploy.local.stack import Infrastructure
from services.analytics.collections import CELLS
from services.analytics.consumers import VIEWS
from shared.contracts import topics, wire
from shared.messaging import kafka
from shared.messaging.isolation import MOST
from shared.messaging.letters import dead_letter
from shared.messaging.poll import Received
from shared.operations import recovery
from shared.operations.dead_letters import DeadLetter, dead_letters
from shared.operations.lag import faults
from shared.operations.recovery import RecoveryError
from shared.runtime.service import Platform
from shared.storage.mongo import Transaction
from tests.builders import events as builders
from tests.builders.events import enveloped, registered
from tests.drivers.consumers import consuming, eventually, publish, read_all, relay_once
from tests.drivers.effects import Worker
from tests.drivers.one_consumer import GROUP, TOPIC, Fixture, pupils
from tests.integration.shared.changed_logs import make_anew, spoil_on_disk


@pytest.fixture
def fixture(platform_of: Callable[..., Platform]) -> Fixture:
    return Fixture(platform_of("analytics"))


async def _letters(platform: Platform, group: str) -> list[DeadLetter]:
    await relay_once(platform)
    return [letter async for letter in dead_letters(platform.settings, [group])]


async def test_a_letter_is_applied_once_by_its_groups_own_handler_when_what_it_names_is_there(
    platform_of: Callable[..., Platform],
) -> None:
    platform = platform_of("analytics")
    settings, worker = platform.settings, Worker(platform, VIEWS)
    facts = settings.kafka_topic_prefix + TOPIC
    late = Platform("analytics", settings, clock=lambda: datetime.now(UTC) + timedelta(minutes=2))
    await publish(settings, enveloped(builders.season()), enveloped(registered("e", season="next")))

    async def waiting(n: int) -> bool:
        return await platform.mongo["deferred"].count_documents({"state": "waiting"}) == n

    async with consuming(settings, *worker.consumers):
        await eventually(lambda: waiting(1))
    async with consuming(settings, *Worker(late, VIEWS).consumers):
        await eventually(lambda: waiting(0))
    late.close()
    letters = await _letters(platform, VIEWS)
    await publish(settings, enveloped(builders.season("next")))
    ends = await kafka.end_offsets(settings.bootstrap, [facts])

    again = Worker(platform_of("analytics"), VIEWS)
    async with consuming(settings, *again.consumers):
        for _ in range(2):
            outcomes = await recovery.redrive(settings, letters, 30)
            assert [(o.state, o.reason) for o in outcomes] == [("applied", None)]
    counted = [row async for row in platform.mongo[CELLS].find({"table": "funnel"})]
    assert [row["total"] for row in counted] == [{"registered": {"7": 1}}]
    assert await kafka.end_offsets(settings.bootstrap, [facts]) == ends
    assert list((await recovery.states(settings, [VIEWS])).values()) == ["applied"]


async def test_a_letter_that_is_still_wrong_is_refused_with_the_reason(fixture: Fixture) -> None:
    settings = fixture.settings
    topic = settings.kafka_topic_prefix + TOPIC
    async with kafka.producer(settings.bootstrap) as producer:
        headers = wire.headers(pupils(1)[0])
        await producer.send_and_wait(topic, b"{", b"k", partition=0, headers=headers)
    consumer = fixture.platform.consumer(VIEWS, [TOPIC], fixture.seen.apply)

    async def put_aside() -> bool:
        return await fixture.platform.outbox.size() == 1

    async with consuming(settings, consumer):
        await eventually(put_aside)
        outcomes = await recovery.redrive(settings, await _letters(fixture.platform, VIEWS), 30)
    assert [o.state for o in outcomes] == ["refused"]
    assert "json_invalid" in (outcomes[0].reason or "")
    assert await fixture.platform.outbox.size() == 0, "no second letter tells of it"
    assert await fixture.seen.ids() == []


async def test_of_a_position_that_was_given_twice_the_newest_letter_counts(fixture: Fixture) -> None:
    """A topic that was made anew gives its positions again."""
    topic = fixture.settings.kafka_topic_prefix + TOPIC
    old, new = (_record(topic, 0, value) for value in (b"old", b"new"))
    for record in (old, _record(topic, 1, b"other"), new, new):
        row = dead_letter(fixture.settings.kafka_topic_prefix + VIEWS, record, "why")
        await fixture.platform.mongo.transact(lambda tx, row=row: fixture.platform.outbox.put([row], tx))  # type: ignore[misc]
        await relay_once(fixture.platform)
    letters = await _letters(fixture.platform, VIEWS)
    assert [(letter.position, letter.value) for letter in letters] == [
        (f"{topic}:0:0", b"new"),
        (f"{topic}:0:1", b"other"),
    ]


def _record(topic: str, offset: int, value: bytes) -> ConsumerRecord[bytes, bytes]:
    return ConsumerRecord(topic, 0, offset, 0, 0, None, value, None, -1, -1, ())


@pytest.mark.parametrize("fault", [OverflowError, KeyError], ids=["content", "ours"])
async def test_many_letters_that_are_still_wrong_are_refused_and_end_no_group(
    fixture: Fixture, fault: type[Exception]
) -> None:
    settings, letters = fixture.settings, []
    for number in range(MOST + 5):
        event = pupils(1, start=number)[0]
        position = f"{settings.kafka_topic_prefix}{TOPIC}:0:{number}"
        letters.append(DeadLetter(VIEWS, position, datetime.now(UTC), "", wire.value(event), wire.headers(event)))

    async def apply(received: Sequence[Received], tx: Transaction) -> None:
        if any(r.event.participant != "good" for r in received):
            raise fault("still")
        await fixture.seen.apply(received, tx)

    consumer = fixture.platform.consumer(VIEWS, [TOPIC], apply)
    async with consuming(settings, consumer):
        outcomes = await recovery.redrive(settings, letters, 60)
        assert {outcome.state for outcome in outcomes} == {"refused"}
        await publish(settings, enveloped(registered("good")))
        await eventually(lambda: fixture.saw(1))
    assert not consumer.failed.done()


async def test_a_batch_that_cannot_be_read_is_passed_on_an_operators_word_and_noted(
    fixture: Fixture, infrastructure: Infrastructure
) -> None:
    if infrastructure.provider != "processes":
        pytest.skip("the broker's disk is out of reach")
    settings = fixture.settings
    partition = TopicPartition(settings.kafka_topic_prefix + TOPIC, 0)
    await publish(settings, *pupils(5), partition=0)
    await publish(settings, enveloped(registered("spoilt")), partition=0)
    await publish(settings, *pupils(5, start=5), partition=0)
    spoil_on_disk(infrastructure.data, partition, b"spoilt")
    consumer = fixture.platform.consumer(VIEWS, [TOPIC], fixture.seen.apply)
    async with consuming(settings, consumer):

        async def stands() -> bool:
            return len(await faults(settings)) == 1

        await eventually(stands)
        with pytest.raises(RecoveryError, match="next offset there is 5, not 4"):
            await recovery.skip(settings, VIEWS, partition, 4)
        assert await recovery.skip(settings, VIEWS, partition, 5) == (5, 6)
        await eventually(lambda: fixture.saw(10))

        async def goes_on() -> bool:
            return consumer.trouble.reason is None and await faults(settings) == []

        await eventually(goes_on)
    (letter,) = await _letters(fixture.platform, VIEWS)
    assert letter.reason == "an operator passed the offsets 5 to 5: they cannot be read: its checksum is wrong"
    assert await fixture.seen.ids() == [e.id for e in pupils(10)]


async def test_a_topic_made_anew_is_read_from_its_beginning_on_an_operators_word(fixture: Fixture) -> None:
    settings, topic = fixture.settings, fixture.settings.kafka_topic_prefix + TOPIC
    await publish(settings, *pupils(5), partition=0)
    async with consuming(settings, fixture.platform.consumer(VIEWS, [TOPIC], fixture.seen.apply)):
        await eventually(lambda: fixture.saw(5))
    await make_anew(settings, topic)
    await publish(settings, *pupils(7, start=5), partition=0)
    assert len(await faults(settings)) == 1
    await recovery.reread(settings, VIEWS, topic)
    assert await faults(settings) == []
    async with consuming(settings, fixture.platform.consumer(VIEWS, [TOPIC], fixture.seen.apply)):
        await eventually(lambda: fixture.saw(12))
    assert await fixture.seen.ids() == [e.id for e in pupils(12)]
    with pytest.raises(RecoveryError, match="reads no topic nothing"):
        await recovery.reread(settings, VIEWS, "nothing")


async def test_a_topic_made_anew_with_fewer_partitions_is_read_anew_too(fixture: Fixture) -> None:
    settings, topic = fixture.settings, fixture.settings.kafka_topic_prefix + TOPIC
    await publish(settings, *pupils(5), partition=0)
    await publish(settings, *pupils(5, start=5), partition=1)
    async with consuming(settings, fixture.platform.consumer(VIEWS, [TOPIC], fixture.seen.apply)):
        await eventually(lambda: fixture.saw(10))
    await make_anew(settings, topic, partitions=1)
    await publish(settings, *pupils(7, start=10), partition=0)
    assert len(await faults(settings)) == 1
    assert await recovery.reread(settings, VIEWS, topic) == {TopicPartition(topic, 0): 0}
    assert await faults(settings) == []
    async with consuming(settings, fixture.platform.consumer(VIEWS, [TOPIC], fixture.seen.apply)):
        await eventually(lambda: fixture.saw(17))
    assert await fixture.seen.ids() == [e.id for e in pupils(17)]


async def test_a_group_that_stands_nowhere_passes_nothing(fixture: Fixture) -> None:
    partition = TopicPartition(fixture.settings.kafka_topic_prefix + TOPIC, 0)
    await publish(fixture.settings, *pupils(3), partition=0)
    async with consuming(fixture.settings, fixture.platform.consumer(VIEWS, [TOPIC], fixture.seen.apply)):
        await eventually(lambda: fixture.saw(3))
    with pytest.raises(RecoveryError, match="No worker of the group stands at offset 3"):
        await recovery.skip(fixture.settings, VIEWS, partition, 3)
    assert (
        await read_all(fixture.settings, topics.dead_letters(fixture.platform.settings.kafka_topic_prefix + GROUP))
        == []
    )
