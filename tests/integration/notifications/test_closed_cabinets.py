"""Cabinets that are closed, and families that are erased, on real Kafka and MongoDB: nobody reads any more."""

from collections.abc import AsyncIterator

import pytest_asyncio

from deploy.local.stack import Infrastructure
from services.notifications.collections import PLACES
from shared.contracts.erasure import Cleared
from shared.contracts.guardians import GuardianErased
from shared.contracts.notifications import FamilyErased
from shared.contracts.registration import ConsentGiven, GuardianUnlinked, ParticipantErased, ParticipantRegistered
from shared.contracts.samples import ACT
from shared.http.audit import ACTORS
from tests.builders.notifications import Story
from tests.drivers.consumers import eventually
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


async def test_a_family_is_erased_for_good_and_the_act_is_told_once(running: Notifications) -> None:
    story, mother = Story(), "erased-mother"
    opened = running.guardian(story, mother)
    await running.publish(story.then(ParticipantRegistered), opened)
    await running.inbox_of(running.headers(mother), 2)
    await running.know({"_id": story.participant}, 1, PLACES)
    erased = story.then(ParticipantErased, account=None)
    await running.publish(erased, erased)

    async def told() -> list[FamilyErased]:
        found = await running.published("notifications.events.v1")
        return [e.event for e in found if isinstance(e.event, FamilyErased) and e.event.key == story.participant]

    async def is_told() -> bool:
        return len(await told()) == 1

    await eventually(is_told)
    await running.publish(erased, opened, story.then(ConsentGiven))
    other, father = Story(), "other-father"
    await running.publish(other.then(ParticipantRegistered), running.guardian(other, father))
    await running.inbox_of(running.headers(father), 2)
    assert (await running.inbox(running.headers(mother)))["items"] == []
    assert await running.mongo["notices"].count_documents({"participant": story.participant}) == 0
    row = await running.mongo["families"].find_one({"_id": story.participant})
    assert row is not None
    assert (row["accounts"], row["closed"], row["act"]) == ([], [], ACT)
    assert [event.rows for event in await told()] == [{"notices": 2, "families": 1, "places": 1}]


async def test_accounts_of_an_erased_family_are_in_no_entry_of_the_audit_log(running: Notifications) -> None:
    story, itself, mother = Story(), "audited-self", "audited-mother"
    own, hers = running.own(story, itself), running.guardian(story, mother)
    await running.publish(story.then(ParticipantRegistered), own, hers)
    await running.inbox_of(running.headers(itself, "pupil"), 2)
    await running.inbox_of(running.headers(mother), 2)
    accounts = {"_id": {"$in": [running.account(itself), running.account(mother)]}}
    await running.know(accounts, 2, ACTORS)
    actors = await running.mongo[ACTORS].find(accounts).to_list(None)
    ended = story.then(GuardianErased, guardian=f"g-{mother}", account=running.account(mother))
    gone = story.then(ParticipantErased, account=running.account(itself))
    await running.publish(ended, gone)
    await running.know(accounts, 0, ACTORS)
    found = [e.event for e in await running.published("notifications.events.v1") if e.event.key == story.participant]
    assert {type(event).__name__: event.rows[ACTORS] for event in found if isinstance(event, Cleared)} == {
        "ReaderErased": 1,
        "FamilyErased": 1,
    }
    await running.mongo[ACTORS].insert_many(actors)  # as a backup does that is put back
    await running.publish(ended, gone)
    await running.know(accounts, 0, ACTORS)
    again = [e.event for e in await running.published("notifications.events.v1") if e.event.key == story.participant]
    assert again == found, "the acts were answered once"
