"""Responsible persons on real Kafka and MongoDB: entered, shown by scope, told to families, ended and erased."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest_asyncio
from bson import encode

from deploy.local.stack import Infrastructure
from services.notifications.collections import CONTACTS, PLACES
from services.notifications.domain.contacts import MOST_CONTACTS
from shared.contracts.organisations import ClockChange, OrganisationClosed
from shared.contracts.registration import ParticipantErased, ParticipantMoved, ParticipantRegistered
from shared.contracts.timetables import TrialMoved
from shared.contracts.trials import SlotOpened, TrialBooked
from shared.contracts.venues import VenueRegistered
from tests.builders.contacts import NAVIGATOR, OTHER, SCHOOL, STAFF, TOWN, organisation
from tests.builders.events import enveloped, region
from tests.builders.notifications import Story
from tests.drivers.consumers import eventually
from tests.drivers.notifications import Notifications
from tests.drivers.service import Answer, installed

NEIGHBOUR, PART = (
    {"role": "navigator", "org": OTHER},
    {"role": "navigator", "org": SCHOOL, "classes": ["7А"]},
)
OPERATOR, MUNICIPAL = {"role": "regional-operator", "org": "RU-ROS"}, {"role": "municipal-operator", "org": TOWN}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(infrastructure: Infrastructure) -> AsyncIterator[Notifications]:
    async with installed(Notifications, infrastructure) as service:
        events = region(), organisation(SCHOOL), organisation(OTHER), organisation("RU-ROS-001-V01", "college")
        await service.publish(*(enveloped(event) for event in events))
        await service.know({}, 4, "organisations")
        yield service


async def ask(running: Notifications, method: str, path: str, body: Any = None, by: Any = STAFF) -> Answer:
    return await running.request(method, path, body, running.bearer("somebody", [by]))


async def enter(running: Notifications, ref: str, at: str = SCHOOL, by: Any = STAFF, **said: Any) -> Answer:
    return await ask(running, "PUT", f"/contacts/{at}/{ref}", {**NAVIGATOR, **said}, by)


async def names(running: Notifications, at: str, by: Any = STAFF, more: str = "") -> list[str]:
    answer = await ask(running, "GET", f"/contacts?organisation={at}{more}", by=by)
    assert answer.status == 200, answer
    return [item["name"] for item in answer.body["items"]]


async def test_a_contact_is_entered_changed_shown_and_erased_within_the_scope(running: Notifications) -> None:
    entered = await enter(running, "n1", classes=["7 «а»"])
    assert entered.status == 200, entered
    assert (entered.body["classes"], entered.body["phone"], entered.body["public"]) == (["7А"], None, True)
    assert entered.body["organisation_name"] == f"Школа {SCHOOL}"
    before = await running.mongo[CONTACTS].find_one({})
    assert await enter(running, "n1", classes=["7А"]) == entered
    assert await running.mongo[CONTACTS].find_one({}) == before, "the same again writes nothing"
    assert before is not None
    assert "Соколова".encode() not in encode(before)
    assert b"anna@" not in encode(before)
    lead: dict[str, Any] = {
        "role": "concept-lead",
        "name": "Чехова Мария",
        "phone": "+7 863 200-00-00",
        "public": False,
        "mail": None,
    }
    assert (await enter(running, "d1", by=MUNICIPAL, **lead)).status == 200
    assert await names(running, SCHOOL) == ["Чехова Мария", "Соколова Анна"], "by role"
    assert await names(running, SCHOOL, PART, "&role=navigator") == ["Соколова Анна"]
    page = await ask(running, "GET", f"/contacts?organisation={SCHOOL}&limit=1", by=OPERATOR)
    assert await names(running, SCHOOL, OPERATOR, f"&after={page.body['next']}") == ["Соколова Анна"]
    path = f"/contacts/{entered.body['contact']}"
    statuses = [
        (await enter(running, "n2", by=PART)).status,
        (await enter(running, "n2", by=NEIGHBOUR)).status,
        (await enter(running, "n2", at="RU-ROS-009")).status,
        (await enter(running, "k1", "RU-ROS", MUNICIPAL, role="coordinator", public=False)).status,
        (await ask(running, "GET", f"/contacts?organisation={SCHOOL}", by=NEIGHBOUR)).status,
        (await ask(running, "DELETE", path, by=NEIGHBOUR)).status,
        (await ask(running, "DELETE", path, by=PART)).status,
    ]
    assert statuses == [403, 403, 409, 403, 403, 404, 403]
    refused = await enter(running, "n1", phone="call me", mail="nobody")
    assert (refused.status, [e["pointer"] for e in refused.body["errors"]]) == (422, ["/phone", "/mail"])
    refused = await enter(running, "c1", "RU-ROS-001-V01", OPERATOR)
    assert (refused.status, refused.body["errors"][0]["pointer"]) == (422, "/role")
    assert await running.mongo[CONTACTS].find_one({"ref": "n1"}) == before
    assert (await ask(running, "DELETE", path)).body == {"contact": entered.body["contact"]}
    assert (await ask(running, "DELETE", path)).status == 404
    assert await names(running, SCHOOL) == ["Чехова Мария"]
    on_record = {"participants": entered.body["contact"]}

    async def is_on_record() -> bool:
        routes = await running.mongo["audit_log"].distinct("route", on_record)
        return len(routes) == 3

    await eventually(is_on_record)


async def test_a_family_sees_the_navigators_of_its_class_that_the_school_shows(running: Notifications) -> None:
    story, mother = Story(), "contacts-mother"
    seventh = story.then(ParticipantRegistered, school=SCHOOL, school_class="7А")
    await running.publish(seventh, running.guardian(story, mother))
    await running.inbox_of(running.headers(mother), 2)
    await running.know({"_id": story.participant}, 1, PLACES)
    for ref, name, said in (
        ("f1", "Их Навигатор", {"classes": ["7А", "7Б"]}),
        ("f2", "Навигатор Всех", {}),
        ("f3", "Навигатор Других", {"classes": ["8А"]}),
        ("f4", "Скрытый Навигатор", {"classes": ["7А"], "public": False}),
    ):
        assert (await enter(running, ref, name=name, **said)).status == 200
    assert (await enter(running, "f5", OTHER, NEIGHBOUR, name="Чужой Навигатор")).status == 200

    async def seen(subject: str = mother, role: str = "guardian") -> set[str]:
        answer = await running.request("GET", "/me/contacts", None, running.headers(subject, role))
        assert answer.status == 200, answer
        assert all("ref" not in item and "contact" not in item for item in answer.body["items"])
        return {item["name"] for item in answer.body["items"]}

    assert await seen() == {"Их Навигатор", "Навигатор Всех"}
    assert (await seen("somebody-else"), await seen(mother, "pupil")) == (set(), set())
    await running.publish(story.then(ParticipantMoved, to_school=OTHER, to_school_class="8Б"))
    await running.know({"_id": story.participant, "school": OTHER}, 1, PLACES)
    assert await seen() == {"Чужой Навигатор"}
    await running.publish(story.then(ParticipantErased))
    await running.know({"_id": story.participant, "is_erased": True, "school": ""}, 1, PLACES)
    await running.know({"_id": story.participant, "act": {"$gt": ""}}, 1, "families")
    assert await seen() == set()


async def test_contacts_end_with_their_organisation_and_are_not_without_number(running: Notifications) -> None:
    closing = "RU-ROS-001-S09"
    await running.publish(enveloped(organisation(closing)))
    await running.know({"_id": closing}, 1, "organisations")
    assert (await enter(running, "n1", closing, OPERATOR)).status == 200
    row = await running.mongo[CONTACTS].find_one({"organisation": closing})
    assert row is not None
    others = [{**row, "_id": f"c{n}", "ref": f"r{n}"} for n in range(MOST_CONTACTS - 1)]
    await running.mongo[CONTACTS].insert_many(others)
    refused = await enter(running, "n2", closing, OPERATOR)
    assert (refused.status, refused.body["type"]) == (409, "too-many-contacts")
    closed = OrganisationClosed(code=closing, kind="school", region="RU-ROS", municipality=TOWN)
    await running.publish(enveloped(closed, 2))
    await running.know({"organisation": closing}, 0, CONTACTS)
    assert (await enter(running, "n1", closing, OPERATOR)).body["type"] == "organisation-closed"


async def test_a_notice_tells_a_slot_s_start_on_the_clock_of_where_it_is_held(running: Notifications) -> None:
    story, mother, owner = Story(), "clock-mother", "RU-ROS-001-V01"
    opened = Story().then(SlotOpened, slot="s-clock", venue="V-clock").event
    assert isinstance(opened, SlotOpened)
    venue = Story().then(VenueRegistered, venue="V-clock", organisation=owner).event
    await running.publish(enveloped(opened), enveloped(venue))
    await running.know({"_id": {"$in": ["slot/s-clock", "venue/V-clock"]}}, 2, "catalogue")
    await running.publish(story.then(ParticipantRegistered), running.guardian(story, mother))
    await running.publish(story.then(TrialBooked, slot="s-clock", venue="V-clock"))
    await running.publish(story.then(TrialMoved, slot="s-clock", venue="V-clock"))
    first, second, *_ = await running.inbox_of(running.headers(mother), 4)
    assert "14:30" in second["body"]
    assert first["data"]["from_starts_at"] == "2020-10-12T14:30:00+03:00"
    change = ClockChange(since=datetime(2020, 10, 1, tzinfo=UTC), utc_offset="+04:00")
    await running.publish(enveloped(region().model_copy(update={"clocks": (change,)}), 2))

    async def is_told_anew() -> bool:
        moved, booked, *_ = (await running.inbox(running.headers(mother)))["items"]
        return "15:30" in booked["body"] and "16:30" in moved["body"]

    await eventually(is_told_anew)
