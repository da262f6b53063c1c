"""Records that can be read and not applied: their fault is put aside, ours ends the group and is named."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from services.analytics.collections import PAGES
from services.analytics.consumers import VIEWS
from shared.contracts import topics, wire
from shared.contracts.event import Envelope, Event
from shared.contracts.topics import GROUPS
from shared.messaging import kafka
from shared.messaging.failures import ConsumerStopped, TooManyInvalid
from shared.messaging.isolation import MOST, WITHIN, Isolation
from shared.messaging.offsets import position
from shared.messaging.poll import Received
from shared.runtime.service import Platform
from shared.storage.mongo import Transaction
from tests.builders import events as builders
from tests.builders.events import enveloped, registered
from tests.drivers.consumers import consuming, eventually, publish, read_all, relay_once
from tests.drivers.effects import EFFECTS, Worker
from tests.drivers.one_consumer import GROUP, TOPIC, Fixture, pupils

BEYOND = 2**70


@dataclass(frozen=True)
class Spoilt:
    """An event whose record can be read, and how it is spoilt."""

    of: Callable[[str], Event]
    header: tuple[str, str] | None = None

    def record(self, code: str) -> tuple[bytes, list[tuple[str, bytes]]]:
        envelope = enveloped(self.of(code))
        headers = [
            (n, self.header[1].encode() if self.header and n == self.header[0] else v)
            for n, v in wire.headers(envelope)
        ]
        return wire.value(envelope), headers


def _with(event: Event, **changed: object) -> Event:
    return event.model_copy(update=changed)


SPOILT: Mapping[str, Spoilt] = {
    "registration.rules": Spoilt(lambda code: _with(builders.season(code), grades=(6, BEYOND))),
    "trials.participants.2": Spoilt(lambda code: _with(registered(code), grade=BEYOND)),
    "notifications.inbox": Spoilt(registered, ("ce_recordedtime", "0001-01-01T00:00:00+14:00")),
    "analytics.catalogue": Spoilt(lambda code: _with(builders.season(code), trials_required=BEYOND)),
    VIEWS: Spoilt(lambda code: _with(registered(code), grade=BEYOND)),
}


@pytest.mark.parametrize("group", SPOILT)
async def test_what_cannot_be_stored_is_put_aside_and_its_neighbours_are_applied(
    group: str, platform_of: Callable[..., Platform]
) -> None:
    effect, spoilt = EFFECTS[group], SPOILT[group]
    good = [enveloped(effect.of(f"RU-ROS-{n:03}")) for n in range(5)]
    worker = Worker(platform_of(GROUPS[group]), group)
    settings = worker.platform.settings
    if effect.waits_for_season:
        await publish(settings, enveloped(builders.season()))
    topic = settings.kafka_topic_prefix + enveloped(spoilt.of("RU-ROS-900")).event.topic
    async with kafka.producer(settings.bootstrap) as producer:
        for number, envelope in enumerate(good):
            value, headers = spoilt.record(f"RU-ROS-9{number:02}")
            target = settings.kafka_topic_prefix + envelope.event.topic
            await producer.send_and_wait(
                target, wire.value(envelope), b"k", partition=0, headers=wire.headers(envelope)
            )
            if number < 2:
                await producer.send_and_wait(topic, value, b"k", partition=0, headers=headers)

    async def done() -> bool:
        return set(effect.expected(good)) <= set(await effect.applied(worker.platform))

    for _ in range(2):  # and again after a restart
        async with consuming(settings, *worker.consumers):
            await eventually(done)
        worker = Worker(platform_of(GROUPS[group]), group)
    await relay_once(worker.platform)
    letters = await read_all(settings, topics.dead_letters(worker.name))
    reasons = [dict(letter.headers)["dlq_reason"].decode() for letter in letters]
    assert reasons == ["it cannot be applied: a number or a time is out of range"] * 2


@pytest.fixture
def fixture(platform_of: Callable[..., Platform]) -> Fixture:
    return Fixture(platform_of("analytics"))


async def _failure(fixture: Fixture, apply: Callable[..., object]) -> BaseException:
    consumer = fixture.platform.consumer(GROUP, [TOPIC], apply)  # type: ignore[arg-type]
    async with consuming(fixture.settings, consumer):

        async def gave_up() -> bool:
            return consumer.failed.done()

        await eventually(gave_up)
    error = consumer.failed.exception()
    assert error is not None
    return error


async def test_an_error_of_our_own_ends_the_group_and_names_the_record(fixture: Fixture) -> None:
    async def apply(received: Sequence[Received], tx: Transaction) -> None:
        await fixture.seen.apply(received, tx)
        if any(r.event.participant == "p0007" for r in received):
            raise KeyError("a bug")

    await publish(fixture.settings, *pupils(10), partition=0)
    error = await _failure(fixture, apply)
    assert isinstance(error, ConsumerStopped)
    assert f"fails at {fixture.settings.kafka_topic_prefix}{TOPIC}:0:7: KeyError" in str(error)
    assert await fixture.seen.ids() == []


async def test_an_error_that_no_record_raises_alone_ends_the_group_and_names_the_poll(fixture: Fixture) -> None:
    async def apply(received: Sequence[Received], tx: Transaction) -> None:
        if len(received) > 1:
            raise ValueError("together")

    await publish(fixture.settings, *pupils(2), partition=0)
    assert "fails at a poll" in str(await _failure(fixture, apply))


async def test_an_error_of_our_own_while_reading_ends_the_group_and_names_the_record(
    fixture: Fixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Envelope:
        raise KeyError("a bug")

    await publish(fixture.settings, *pupils(2), partition=0)
    monkeypatch.setattr(wire, "read", broken)
    error = await _failure(fixture, fixture.seen.apply)
    assert isinstance(error, ConsumerStopped)
    assert f"fails at {fixture.settings.kafka_topic_prefix}{TOPIC}:0:0: KeyError" in str(error)


async def test_too_many_faults_within_ten_minutes_end_the_group_also_over_a_restart(fixture: Fixture) -> None:
    async def apply(received: Sequence[Received], tx: Transaction) -> None:
        await fixture.seen.rows.insert_one({"event": "x", "grade": max(r.event.grade for r in received)}, session=tx)

    for first in (0, MOST):
        spoilt = [enveloped(registered(f"p{n:04}", grade=BEYOND)) for n in range(first, first + MOST)]
        await publish(fixture.settings, *spoilt, partition=0)
        consumer = fixture.platform.consumer(GROUP, [TOPIC], apply)
        if first:
            assert isinstance(await _failure(fixture, apply), TooManyInvalid)
            return
        async with consuming(fixture.settings, consumer):

            async def handled() -> bool:
                return await fixture.platform.outbox.size() == MOST

            await eventually(handled)


async def test_faults_of_longer_ago_are_not_held_against_a_group(platform_of: Callable[..., Platform]) -> None:
    now = datetime(2020, 9, 14, tzinfo=UTC)

    async def handle(*_: object) -> None: ...

    isolation = Isolation(platform_of("trials").mongo, GROUP, handle, lambda: now)
    for _ in range(3):
        await isolation._count(MOST, (TOPIC, 0, 1))
        now += WITHIN
    await isolation._count(MOST, (TOPIC, 0, 1))
    now += WITHIN - timedelta(seconds=1)
    with pytest.raises(TooManyInvalid, match="more than 100 records within 10 minutes"):
        await isolation._count(1, (TOPIC, 0, 2))


def _views(platform: Platform) -> Worker:
    return Worker(platform, VIEWS)


async def _pupils_of(platform: Platform) -> set[str]:
    return {id for row in await platform.mongo[PAGES].find({}).to_list(None) for id in row["ids"]}


async def test_a_fact_that_overtakes_its_season_holds_up_no_other_and_counts_when_it_comes(
    platform_of: Callable[..., Platform],
) -> None:
    platform = platform_of("analytics")
    early: list[Envelope] = [enveloped(registered(f"e{n}", season="next")) for n in range(3)]
    worker = _views(platform)
    await publish(platform.settings, enveloped(builders.season()), *early, *pupils(3), partition=0)
    async with consuming(platform.settings, *worker.consumers):

        async def others() -> bool:
            return await _pupils_of(platform) == {e.event.key for e in pupils(3)}

        await eventually(others)
        await publish(platform.settings, enveloped(builders.season("next")))

        async def everybody() -> bool:
            return await _pupils_of(platform) == {e.event.key for e in [*early, *pupils(3)]}

        await eventually(everybody)
    assert await platform.mongo["deferred"].count_documents({}) == 0
    read = next(consumer.offsets for consumer in worker.consumers if consumer.group == worker.name)
    async with platform.mongo.snapshot() as tx:
        reached = await position(platform.mongo, [read], tx)
    assert reached["later"] == len(early), "another position than the one before they were counted"


async def test_a_fact_whose_season_never_comes_is_put_aside_after_a_minute(
    platform_of: Callable[..., Platform],
) -> None:
    platform = platform_of("analytics")
    late = Platform("analytics", platform.settings, clock=lambda: datetime.now(UTC) + timedelta(minutes=2))
    await publish(platform.settings, enveloped(builders.season()), enveloped(registered("e", season="never")))

    async def kept() -> bool:
        return await platform.mongo["deferred"].count_documents({"state": "waiting"}) == 1

    async def gone() -> bool:
        return await platform.mongo["deferred"].count_documents({}) == 0

    async with consuming(platform.settings, *_views(platform).consumers):
        await eventually(kept)
    async with consuming(platform.settings, *_views(late).consumers):
        await eventually(gone)
    late.close()
    await relay_once(platform)
    (letter,) = await read_all(platform.settings, topics.dead_letters(_views(platform).name))
    assert dict(letter.headers)["dlq_reason"] == b"season never is not in the catalogue"
