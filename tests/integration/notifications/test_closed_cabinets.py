"""Cabinets that are closed, and families that are erased, on real Kafka and MongoDB: nobody reads any more."""

from collections.abc import AsyncIterator

import pytest_asyncio

from deploy.local.stack import Infrastructure
from shared.contracts.registration import ConsentGiven, GuardianUnlinked, ParticipantRegistered
from tests.builders.notifications import Story
from tests.drivers.notifications import Notifications
from tests.drivers.service import installed


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Notifications]:
    async with installed(Notifications, infrastructure) as service:
        yield service


async def test_a_closed_cabinet_reads_nothing_even_when_its_link_is_told_again(
    running: Notifications,
) -> None:
    story, mother, father = Story(), "closed-mother", "closed-father"
    opened = running.guardian(story, mother)
    await running.publish(story.then(ParticipantRegistered), opened, running.guardian(story, father))
    await running.inbox_of(running.headers(mother), 3)
    hers = {"account": running.account(mother), "guardian": f"g-{mother}"}
    await running.publish(story.then(GuardianUnlinked, **hers))
    await running.inbox_of(running.headers(father), 4)
    assert (await running.inbox(running.headers(mother)))["items"] == []
    await running.publish(opened)
    await running.publish(story.then(ConsentGiven))
    items = await running.inbox_of(running.headers(father), 5)
    assert items[1]["type"] == "guardian.unlinked"
    assert (await running.inbox(running.headers(mother)))["items"] == [], "a link that is told again opens nothing"
