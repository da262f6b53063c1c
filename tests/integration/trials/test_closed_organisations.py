"""Organisations that go to another municipality take their venues along; in what is closed nothing new is entered."""

from collections.abc import AsyncIterator

import pytest_asyncio

from deploy.local.stack import Infrastructure
from shared.contracts.organisations import OrganisationClosed
from tests.builders.events import at
from tests.builders.trials import OFFER, VENUE, college
from tests.drivers.trials import Trials, trials_service

OPERATOR = {"role": "regional-operator", "org": "RU-ROS"}
HOST = {"role": "venue", "org": VENUE}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trials(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    async with trials_service(infrastructure) as running:
        yield running


async def test_a_venue_goes_along_and_takes_nothing_new_once_its_owner_is_closed(trials: Trials) -> None:
    went = college().model_copy(update={"parent": "RU-ROS-002", "municipality": "RU-ROS-002"})
    await trials.publish(went)
    await trials.know({"_id": VENUE, "municipality": "RU-ROS-002"}, 1, "venues")
    slot = await trials.slot(ref="before")
    closed = OrganisationClosed(code=VENUE, kind="college", region="RU-ROS", into="RU-ROS-001-V02")
    await trials.publish(closed, time=at("2020-09-20"))
    await trials.know({"_id": VENUE, "closed_on": "2020-09-20"}, 1, "organisations")
    entry = {"organisation": VENUE, "name": "Иной колледж", "registry": "regional", "season": "2020"}
    offer = {**OFFER, "venue": VENUE, "season": "2020"}
    for method, path, body, who, pointer in (
        ("PUT", f"/venues/{VENUE}", entry, OPERATOR, "/organisation"),
        ("POST", "/slots", offer, HOST, "/venue"),
    ):
        answer = await trials.ask(method, path, body, **who)
        assert (answer.status, answer.body["type"]) == (409, "organisation-closed"), path
        assert answer.body["errors"][0]["pointer"] == pointer
        assert "was closed on 2020-09-20: RU-ROS-001-V02 goes on in its place" in answer.body["detail"]
    assert (await trials.must("GET", f"/slots/{slot}", **HOST))["slot"] == slot, "what there was can be seen"


async def test_a_closing_that_comes_before_the_definition_is_kept(trials: Trials) -> None:
    code = "RU-ROS-001-V07"
    await trials.publish(OrganisationClosed(code=code, kind="college", region="RU-ROS"))
    await trials.know({"_id": code, "closed_on": "2020-09-14"}, 1, "organisations")
    entry = {"organisation": code, "name": "Колледж", "registry": "regional", "season": "2020"}
    answer = await trials.ask("PUT", f"/venues/{code}", entry, **OPERATOR)
    assert (answer.status, answer.body["type"]) == (409, "organisation-unknown")
    await trials.publish(college(code))
    await trials.know({"_id": code, "name": {"$gt": ""}}, 1, "organisations")
    answer = await trials.ask("PUT", f"/venues/{code}", entry, **OPERATOR)
    assert (answer.status, answer.body["type"]) == (409, "organisation-closed")
