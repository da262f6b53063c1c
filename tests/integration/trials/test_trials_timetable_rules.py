"""Timetables by rule on real servers: foreseen, opened once, extended, and refused in words of the rule."""

from collections.abc import AsyncIterator

import pytest_asyncio

from deploy.local.stack import Infrastructure
from shared.contracts.trials import SlotOpened
from tests.builders.trials import OFFER, VENUE
from tests.drivers.trials import HOST, NAVIGATOR, Trials, trials_service

RULE = {
    **{name: value for name, value in OFFER.items() if name != "starts_at"},
    "ref": "autumn",
    "season": "2020",
    "first": "2020-10-01",
    "last": "2020-11-30",
    "weekdays": ["mon", "wed"],
    "hours": ["10:00", "14:00"],
    "groups": 4,
    "without": ["2020-11-04"],
}
PATH = f"/venues/{VENUE}/timetables"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trials(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    async with trials_service(infrastructure) as running:
        yield running


async def test_a_rule_opens_each_of_its_slots_once_and_is_extended(trials: Trials) -> None:
    seen = await trials.must("POST", f"{PATH}?dry_run=true", RULE, **HOST)
    assert (seen["new"], {item["status"] for item in seen["items"]}) == (17 * 2 * 4 - 8, {"planned"})
    assert await trials.mongo["slots"].count_documents({}) == 0

    done = await trials.must("POST", PATH, RULE, **HOST)
    assert [(item["ref"], item["starts_at"]) for item in done["items"]] == [
        (item["ref"], item["starts_at"]) for item in seen["items"]
    ]
    first = done["items"][0]
    assert (first["ref"], first["starts_at"]) == ("autumn 2020-10-05 10:00 1", "2020-10-05T10:00:00+03:00")
    moved = {"starts_at": "2020-10-06T10:00:00+03:00", "occurred_at": "2020-09-20T10:00:00+03:00"}
    await trials.must("POST", f"/slots/{first['slot']}/move", moved, **HOST)
    again = await trials.must("POST", PATH, RULE, **HOST)
    assert (again["new"], {item["status"] for item in again["items"]}) == (0, {"known"})
    more = await trials.must("POST", PATH, {**RULE, "last": "2020-12-02"}, **HOST)
    assert more["new"] == 8
    told = [one.event for one in await trials.published("trials.catalogue.v1")]
    assert sum(isinstance(event, SlotOpened) for event in told) == done["new"] + more["new"]

    other = await trials.must("POST", PATH, {**RULE, "capacity": 6, "last": "2020-10-05"}, **HOST)
    assert {item["problem"]["type"] for item in other["items"]} == {"ref-reused"}


async def test_a_rule_is_refused_in_its_own_words(trials: Trials) -> None:
    wrong = {**RULE, "competency": "none", "last": "2020-10-05", "groups": 1, "ref": "wrong"}
    answer = await trials.must("POST", PATH, wrong, **HOST)
    assert [item["problem"]["errors"][0]["pointer"] for item in answer["items"]] == ["/competency", "/competency"]
    late = await trials.ask("POST", PATH, {**RULE, "last": "2020-12-31"}, **HOST)
    unknown = await trials.ask("POST", "/venues/none/timetables", RULE)
    foreign = await trials.ask("POST", PATH, RULE, role="venue", org="RU-ROS-001-V02")
    assert (late.status, late.body["errors"][0]["pointer"]) == (422, "/last")
    assert (unknown.status, unknown.body["errors"][0]["pointer"]) == (422, "path:venue")
    assert (foreign.status, (await trials.ask("POST", PATH, RULE, **NAVIGATOR)).status) == (403, 403)
