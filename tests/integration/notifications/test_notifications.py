"""Notices on real Kafka and MongoDB: each stage once, in order, to the family alone."""

import asyncio
import signal
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator

import pytest_asyncio

from deploy.local.stack import Infrastructure
from services.notifications import cursors
from shared.contracts import trials
from shared.contracts.event import Envelope
from shared.contracts.registration import ConsentGiven, ParticipantRegistered
from tests.builders.cursors import WRONG
from tests.builders.notifications import Story, numbers
from tests.drivers.consumers import eventually
from tests.drivers.notifications import Notifications
from tests.drivers.service import installed


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Notifications]:
    async with installed(Notifications, infrastructure) as service:
        await service.learn_catalogue()
        yield service


async def test_a_family_reads_every_stage_newest_first_and_a_stranger_nothing(running: Notifications) -> None:
    story, guardian, pupil = Story(), "anna-1", "petya-1"
    registration = [
        story.then(ParticipantRegistered),
        story.then(ConsentGiven),
        running.guardian(story, guardian),
        running.own(story, pupil),
    ]
    await running.publish(*registration)
    await running.inbox_of(running.headers(guardian), 3)
    await running.publish(
        story.then(trials.DiagnosticCompleted),
        story.then(trials.TrialBooked),
        story.then(trials.TrialAttended),
        story.then(trials.RecommendationIssued),
    )
    items = await running.inbox_of(running.headers(guardian), 7)
    assert [(item["number"], item["type"]) for item in items] == [
        (7, "recommendation.issued"),
        (6, "trial.attended"),
        (5, "trial.booked"),
        (4, "diagnostic.completed"),
        (3, "guardian.linked"),
        (2, "consent.given"),
        (1, "participant.registered"),
    ]
    assert items[2]["title"] == "Запись подтверждена"
    assert items[2]["body"] == "Профпроба: Поварское дело, Аксайский техникум питания, 12 октября 2020, 14:30."
    assert items[2]["time"] == "2020-10-01T13:20:00+03:00"
    assert items[2]["recordedtime"] == "2020-10-01T10:20:02Z"
    assert (await running.inbox(running.headers(pupil, "pupil")))["items"] == items
    assert (await running.inbox(running.headers("stranger")))["items"] == []
    assert (await running.inbox(running.headers(pupil, "guardian")))["items"] == [], "the link is of another role"


async def test_who_is_no_family_is_refused(running: Notifications) -> None:
    for headers, status in (({}, 401), (running.headers("staff", "navigator"), 403)):
        for route in ("inbox", "stream"):
            async with running.http.get(f"{running.base}/notifications/{route}", headers=headers) as answer:
                assert answer.status == status
                assert answer.content_type == "application/problem+json"


async def test_a_cursor_of_another_make_is_refused_by_name(running: Notifications) -> None:
    url, headers = f"{running.base}/notifications", running.headers("anna-2")
    async with running.http.get(f"{url}/inbox", params={"after": "WzFd"}, headers=headers) as answer:
        assert answer.status == 422
        assert (await answer.json())["errors"][0]["pointer"] == "query:after"
    of_inbox = cursors.encode({}, cursors.INBOX)
    for wrong in ("!", of_inbox, urlsafe_b64encode(b"[" * 9_000).decode()):
        async with running.http.get(f"{url}/stream", headers={**headers, "Last-Event-ID": wrong}) as answer:
            assert answer.status == 422
            assert (await answer.json())["errors"][0]["pointer"] == "header:Last-Event-ID"


async def test_whatever_stands_for_a_cursor_is_refused_by_name(running: Notifications) -> None:
    url, headers = f"{running.base}/notifications", running.headers("anna-13")
    for after in WRONG:
        async with running.http.get(f"{url}/inbox", params={"after": after}, headers=headers) as answer:
            assert answer.status == 422, after[:40]
            assert (await answer.json())["errors"][0]["pointer"] == "query:after"
        if after.isascii():
            async with running.http.get(f"{url}/stream", headers={**headers, "Last-Event-ID": after}) as answer:
                assert answer.status == 422, after[:40]
                assert (await answer.json())["errors"][0]["pointer"] == "header:Last-Event-ID"


async def test_a_cursor_ahead_of_the_notices_is_refused_and_another_s_pupil_in_it_read_over(
    running: Notifications,
) -> None:
    story, stranger, guardian = Story(), Story(), "anna-12"
    await running.publish(stranger.then(ParticipantRegistered), running.guardian(story, guardian))
    await running.inbox_of(running.headers(guardian), 1)
    ahead = cursors.encode({story.participant: 2}, cursors.STREAM)
    headers = running.headers(guardian, **{"Last-Event-ID": ahead})
    async with running.http.get(f"{running.base}/notifications/stream", headers=headers) as answer:
        problem = await answer.json()
        assert (answer.status, problem["type"]) == (410, "cursor-ahead")
        assert problem["errors"][0]["pointer"] == "header:Last-Event-ID"
    foreign = cursors.encode({story.participant: 1, stranger.participant: 99}, cursors.STREAM)
    async with running.stream(running.headers(guardian), after=foreign) as reader:
        await reader.opened()
        await running.publish(stranger.then(ConsentGiven), story.then(ConsentGiven))
        assert numbers(await reader.take(1), story) == [2]
        assert cursors.decode(reader.last_event_id or "", cursors.STREAM, "") == {story.participant: 2}


async def test_an_event_sent_again_makes_no_second_notice_and_takes_no_number(running: Notifications) -> None:
    story, guardian = Story(), "anna-3"
    told = [story.then(ParticipantRegistered), running.guardian(story, guardian), story.then(ConsentGiven)]
    await running.publish(*told, told[0], told[1])
    await running.inbox_of(running.headers(guardian), 3)
    await running.publish(*told)
    await running.publish(story.then(trials.DiagnosticCompleted))
    items = await running.inbox_of(running.headers(guardian), 4)
    assert numbers(items, story) == [4, 3, 2, 1]
    assert len({item["id"] for item in items}) == 4


async def test_pages_hold_every_notice_of_two_children_once_while_news_come(running: Notifications) -> None:
    children, guardian = [Story(), Story()], "anna-4"
    for story in children:
        await running.publish(*(story.then(ConsentGiven) for _ in range(7)), running.guardian(story, guardian))
    headers = running.headers(guardian)
    await running.inbox_of(headers, 16)
    page = await running.inbox(headers, limit=3)
    read = page["items"]
    await running.publish(children[0].then(trials.DiagnosticCompleted))
    await running.inbox_of(headers, 17)
    while page["next"]:
        page = await running.inbox(headers, limit=3, after=page["next"])
        read += page["items"]
    for story in children:
        assert numbers(read, story) == [8, 7, 6, 5, 4, 3, 2, 1]


async def test_the_words_follow_the_reader_s_language(running: Notifications) -> None:
    story, guardian = Story(), "anna-5"
    await running.publish(running.guardian(story, guardian))
    await running.publish(story.then(trials.TrialAttended, slot="not-heard-of-yet"))
    headers = running.headers(guardian, **{"Accept-Language": "en-GB,en;q=0.9,ru;q=0.5"})
    await running.inbox_of(headers, 2)
    async with running.http.get(f"{running.base}/notifications/inbox", headers=headers) as answer:
        assert answer.headers["Content-Language"] == "en"
        items = {item["type"]: item for item in (await answer.json())["items"]}
    assert items["trial.attended"]["body"] == "Practical trial: Поварское дело, Аксайский техникум питания."


async def _in_parts(service: Notifications, told: list[Envelope]) -> None:
    for first in range(0, len(told), 200):
        await service.publish(*told[first : first + 200])


async def test_killed_in_a_backlog_it_goes_on_with_every_notice_once(infrastructure: Infrastructure) -> None:
    async with installed(Notifications, infrastructure) as service:
        guardian, stories = "anna-9", [Story() for _ in range(40)]
        await service.publish(*(service.guardian(story, guardian) for story in stories))
        told = [story.then(trials.DiagnosticCompleted) for _ in range(150) for story in stories]
        # What publishes is in the process that kills, so the service cannot have handled all by then.
        publishing = asyncio.create_task(_in_parts(service, told))

        async def begun() -> bool:
            return await service.mongo["notices"].count_documents({}) > 400

        await eventually(begun)
        service.child.send(signal.SIGKILL)
        await service.child.wait()
        assert await service.mongo["notices"].count_documents({}) < len(told), "it was killed too late to show"
        await publishing
        await service.start()

        async def complete() -> bool:
            return await service.mongo["notices"].count_documents({}) == len(told) + len(stories)

        await eventually(complete)
        for story in stories:
            found = await service.mongo["notices"].find({"participant": story.participant}).to_list(None)
            assert sorted(notice["number"] for notice in found) == list(range(1, 152))
