"""Notices as a stream, on real Kafka and MongoDB: resumed with nothing lost or twice, and ended in time."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator

import pytest_asyncio

from deploy.local.stack import Infrastructure
from services.notifications import cursors
from services.notifications.copies.store import Copies
from services.notifications.reads.inbox import Reads
from services.notifications.stream import Stream
from shared.contracts import trials
from shared.contracts.registration import ConsentGiven, ParticipantRegistered
from shared.identity.grants import Grant
from shared.identity.principal import Principal
from shared.storage.organisations import OrganisationCopies
from tests.builders.notifications import Story, numbers
from tests.drivers.consumers import eventually
from tests.drivers.notifications import Notifications
from tests.drivers.service import installed


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Notifications]:
    async with installed(Notifications, infrastructure) as service:
        await service.learn_catalogue()
        yield service


async def test_a_stream_resumes_behind_the_last_event_with_nothing_lost_or_twice(running: Notifications) -> None:
    story, guardian = Story(), "anna-6"
    headers = running.headers(guardian)
    await running.publish(story.then(ParticipantRegistered), running.guardian(story, guardian))
    await running.inbox_of(headers, 2)
    async with running.stream(headers) as reader:
        await reader.opened()
        await running.publish(story.then(ConsentGiven), story.then(trials.DiagnosticCompleted))
        first = await reader.take(1)
        last_seen = reader.last_event_id
    await running.publish(story.then(trials.TrialBooked), story.then(trials.TrialAttended))
    await running.inbox_of(headers, 6)
    async with running.stream(headers, after=last_seen) as reader:
        rest = await reader.take(3)
        await running.publish(story.then(trials.RecommendationIssued))
        rest += await reader.take(1)
        assert reader.retry is not None
    assert numbers(first + rest, story) == [3, 4, 5, 6, 7]
    assert rest[-1] == (await running.inbox(headers, limit=1))["items"][0]


async def test_a_child_linked_while_the_stream_is_open_is_told_of_from_the_first_notice(
    running: Notifications,
) -> None:
    story, other, guardian = Story(), Story(), "anna-7"
    await running.publish(story.then(ParticipantRegistered))
    async with running.stream(running.headers(guardian)) as reader:
        await reader.opened()
        await running.publish(other.then(ParticipantRegistered), running.guardian(story, guardian))
        told = await reader.take(2)
        assert [notice["type"] for notice in told] == ["participant.registered", "guardian.linked"]
        await running.publish(other.then(ConsentGiven), story.then(ConsentGiven))
        told += await reader.take(1)
    assert {notice["participant"] for notice in told} == {story.participant}
    assert numbers(told, story) == [1, 2, 3]


async def test_a_stream_ends_after_its_life_and_says_when_to_come_back(running: Notifications) -> None:
    stream = Stream(poll_seconds=0.05, life_seconds=0.3)
    reads = Reads(running.mongo, Copies(running.mongo, OrganisationCopies(running.mongo)))
    family = reads.within(Principal("anna-11", "no-account", (Grant("guardian"),)))
    async with asyncio.timeout(10):
        events = [event async for event in stream.of(family, None, "ru", lambda: False)]
    assert [(event.id, event.retry) for event in events] == [(cursors.encode({}, cursors.STREAM), 1_000)]


async def test_a_reader_that_leaves_stops_its_polls(running: Notifications) -> None:
    """Counted by MongoDB itself: reads of `families` in a second, which three open streams make ten of."""
    headers = running.headers("anna-8")

    async def reads() -> int:
        stats = await running.mongo["families"].aggregate([{"$collStats": {"latencyStats": {}}}]).to_list(None)
        return int(stats[0]["latencyStats"]["reads"]["ops"])

    async with running.stream(headers) as one, running.stream(headers) as two, running.stream(headers) as three:
        for reader in (one, two, three):
            await reader.opened()
        before = await reads()

        async def polled() -> bool:
            return await reads() >= before + 6

        await eventually(polled)

    async def quiet() -> bool:
        seen = await reads()
        await asyncio.sleep(1.0)
        return await reads() <= seen + 1

    await eventually(quiet)


async def test_an_open_stream_ends_at_once_when_the_service_is_asked_to_stop(infrastructure: Infrastructure) -> None:
    async with (
        installed(Notifications, infrastructure) as service,
        service.stream(service.headers("anna-10")) as reader,
    ):
        await reader.opened()
        began = time.monotonic()
        service.child.send(signal.SIGTERM)
        assert await reader.next() is None
        assert time.monotonic() - began < 4.0, "not by the server's limit of 5 s"
        assert await service.child.wait() == 0
