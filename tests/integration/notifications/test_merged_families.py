"""Notices of entries that are merged and parted, on real Kafka and MongoDB: each list keeps its own numbers."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest_asyncio

from deploy.local.stack import Infrastructure
from shared.contracts.registration import (
    ConsentGiven,
    GuardianLinked,
    GuardianUnlinked,
    ParticipantErased,
    ParticipantMerged,
    ParticipantRegistered,
    ParticipantUnmerged,
)
from shared.contracts.trials import TrialBooked
from tests.builders.notifications import Story, numbers
from tests.drivers.consumers import eventually
from tests.drivers.notifications import Notifications
from tests.drivers.service import installed


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Notifications]:
    async with installed(Notifications, infrastructure) as service:
        yield service


async def said(running: Notifications, kind: type, survivor: Story, duplicate: Story) -> None:
    """Registration says of both that they are merged, or parted; the duplicate's partition is read first."""
    for story, role, other in ((duplicate, "duplicate", survivor), (survivor, "survivor", duplicate)):
        await running.publish(story.then(kind, role=role, other=other.participant))


async def test_a_family_reads_both_while_they_are_merged_and_its_own_when_they_are_parted(
    running: Notifications,
) -> None:
    survivor, duplicate, mother, father = Story(), Story(), "merged-mother", "merged-father"
    hers, his = running.headers(mother), running.headers(father)
    await running.publish(survivor.then(ParticipantRegistered), running.guardian(survivor, mother))
    await running.publish(duplicate.then(ParticipantRegistered), running.guardian(duplicate, father))
    await running.publish(duplicate.then(TrialBooked))
    seen = await running.inbox_of(his, 3)
    await running.inbox_of(hers, 2)
    async with running.stream(hers) as live:
        await live.opened()
        await said(running, ParticipantMerged, survivor, duplicate)
        told = await live.take(5)
        assert numbers(told, duplicate) == [1, 2, 3, 4], "as those of a child who was linked"
        assert numbers(told, survivor) == [3]
        cursor = live.last_event_id
    together = await running.inbox_of(hers, 7)
    assert (numbers(together, survivor), numbers(together, duplicate)) == ([3, 2, 1], [4, 3, 2, 1])
    assert {(item["participant"], item["merged_into"]) for item in together} == {
        (survivor.participant, None),
        (duplicate.participant, survivor.participant),
    }
    assert [{**item, "merged_into": None} for item in together if item["id"] in {one["id"] for one in seen}] == seen
    paged, after = list[dict[str, Any]](), ""
    while after is not None:
        page = await running.inbox(hers, limit=2, after=after)
        paged, after = [*paged, *page["items"]], page["next"]
    assert sorted(item["id"] for item in paged) == sorted(item["id"] for item in together)
    async with running.stream(hers, cursor) as live:
        await live.opened()
        await running.publish(survivor.then(ConsentGiven))
        (fresh,) = await live.take(1)
        assert fresh["number"] == 4, "nothing is told twice"
    await said(running, ParticipantUnmerged, survivor, duplicate)
    await _sees(running, hers, survivor, [5, 4, 3, 2, 1], duplicate, [])
    await _sees(running, his, duplicate, [5, 4, 3, 2, 1], survivor, [])


async def _sees(
    running: Notifications, who: Mapping[str, str], own: Story, mine: list[int], other: Story, theirs: list[int]
) -> None:
    async def there() -> bool:
        items = (await running.inbox(who, limit=200))["items"]
        return (numbers(items, own), numbers(items, other)) == (mine, theirs)

    await eventually(there)


async def test_the_duplicate_s_reader_goes_on_until_the_survivor_s_cabinet_is_closed(running: Notifications) -> None:
    survivor, duplicate, father = Story(), Story(), "adopted-father"
    his = running.headers(father)
    await running.publish(survivor.then(ParticipantRegistered), duplicate.then(ParticipantRegistered))
    await running.publish(running.guardian(duplicate, father))
    await running.inbox_of(his, 2)
    await said(running, ParticipantMerged, survivor, duplicate)
    await _sees(running, his, duplicate, [3, 2, 1], survivor, [])
    link = {"account": running.account(father), "guardian": "adopted"}
    await running.publish(survivor.then(GuardianLinked, **link))
    await _sees(running, his, duplicate, [3, 2, 1], survivor, [3, 2, 1])
    await running.publish(survivor.then(GuardianUnlinked, **link))
    await _sees(running, his, duplicate, [], survivor, [])


async def test_an_erasure_of_both_destroys_what_both_were_told(running: Notifications) -> None:
    survivor, duplicate, mother = Story(), Story(), "erased-both"
    hers = running.headers(mother)
    await running.publish(survivor.then(ParticipantRegistered), running.guardian(survivor, mother))
    await running.publish(duplicate.then(ParticipantRegistered))
    await said(running, ParticipantMerged, survivor, duplicate)
    await running.inbox_of(hers, 5)
    await running.publish(duplicate.then(ParticipantErased))
    await _sees(running, hers, survivor, [3, 2, 1], duplicate, [])
    await running.publish(survivor.then(ParticipantErased))
    await _sees(running, hers, survivor, [], duplicate, [])
    both = {"$in": [survivor.participant, duplicate.participant]}
    assert await running.mongo["notices"].count_documents({"participant": both}) == 0
    assert [row["mergings"] async for row in running.mongo["families"].find({"_id": both})] == [[], []]
