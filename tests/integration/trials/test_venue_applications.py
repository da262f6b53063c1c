"""Venues ask over HTTP for their place in a season's registry, operators decide; open slots outlive a withdrawal."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import pytest_asyncio

from deploy.local.stack import Infrastructure
from shared.contracts.venues import VenueRegistered, VenueWithdrawn
from tests.builders.events import municipality, region
from tests.builders.trials import OFFER, RULES, VENUE
from tests.drivers.trials import HOST, Trials, trials_service

OPERATOR = {"role": "regional-operator", "org": "RU-ROS"}
ANOTHER = {"role": "regional-operator", "org": "RU-DON"}
STRANGER = {"role": "venue", "org": "RU-ROS-001-V77"}
ENTRY: Mapping[str, Any] = {"organisation": VENUE, "name": "Мастерская", "registry": "regional", "season": "2020"}
TERMS: Mapping[str, Any] = {
    "grades": [8, 9],
    "accessibility": ["wheelchair"],
    "capacity": 6,
    "expects": None,
    "contact": "дежурный мастер",
    "address": {"municipality": "RU-ROS-001", "line": "г. Аксай, ул. Мира, 1"},
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trials(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    async with trials_service(infrastructure) as running:
        await running.publish(municipality(), region("RU-DON"))
        await running.know({"_id": {"$in": ["RU-ROS-001", "RU-DON"]}}, 2, "organisations")
        await running.must("PUT", "/seasons/2031", {**RULES, "name": "Сезон 2031"})
        yield running


async def asked(trials: Trials, code: str, **changed: Any) -> Any:
    """The application of a venue."""
    return await trials.must("POST", f"/venues/{code}/applications", {**ENTRY, **changed}, **HOST)


def answer(code: str, season: str = "2020") -> str:
    return f"/venues/{code}/applications/{season}/decision"


async def told(trials: Trials, code: str) -> list[str]:
    """The types of the events of a venue."""
    found = [e.event for e in await trials.published("trials.catalogue.v1") if e.event.key == code]
    return [event.type for event in found if isinstance(event, VenueRegistered | VenueWithdrawn)]


async def test_a_venue_that_asked_opens_slots_once_it_is_approved(trials: Trials) -> None:
    first = await trials.ask("POST", "/venues/W1/applications", {**ENTRY, **TERMS}, **HOST)
    again = await trials.ask("POST", "/venues/W1/applications", {**ENTRY, **TERMS}, **HOST)
    assert [(one.status, one.body["state"]) for one in (first, again)] == [(201, "asked"), (200, "asked")]
    assert first.body == again.body
    offer = {**OFFER, "venue": "W1", "season": "2020", "grades": [8, 9], "capacity": 6}
    early = await trials.ask("POST", "/slots", offer, **HOST)
    assert (early.status, early.body["errors"][0]["pointer"]) == (422, "/venue")
    assert await told(trials, "W1") == []

    for _ in range(2):
        approved = await trials.must("POST", answer("W1"), {"approved": True}, **OPERATOR)
        assert [step["state"] for step in approved["history"]] == ["asked", "approved"]
    assert await told(trials, "W1") == ["venue.registered.v1"]
    venue = await trials.must("GET", "/venues/W1", **HOST)
    assert (venue["seasons"], venue["terms"]["2020"]) == ({"2020": "regional"}, dict(TERMS))
    wide = await trials.ask("POST", "/slots", {**offer, "capacity": 7}, **HOST)
    assert (wide.status, wide.body["errors"][0]["pointer"]) == (422, "/capacity")
    await trials.must("POST", "/slots", offer, role="venue", org="W1")


async def test_a_refusal_has_a_reason_and_the_venue_asks_anew(trials: Trials) -> None:
    await asked(trials, "W2")
    bare = await trials.ask("POST", answer("W2"), {"approved": False}, **OPERATOR)
    assert (bare.status, bare.body["errors"][0]["pointer"]) == (422, "/reason")
    no = {"approved": False, "reason": "Нет лицензии"}
    for _ in range(2):
        refused = await trials.must("POST", answer("W2"), no, **OPERATOR)
        assert [step["reason"] for step in refused["history"]] == [None, "Нет лицензии"]
    late = await trials.ask("POST", answer("W2"), {"approved": True}, **OPERATOR)
    assert (late.status, late.body["type"]) == (409, "not-asked")
    assert (await asked(trials, "W2"))["state"] == "asked"
    assert await told(trials, "W2") == []


async def test_who_did_what_is_shown_to_operators_alone(trials: Trials) -> None:
    await asked(trials, "W3")
    await trials.must("POST", answer("W3"), {"approved": False, "reason": "Ремонт"}, **OPERATOR)
    (seen,) = (await trials.must("GET", "/venues/W3/applications", **OPERATOR))["items"]
    assert [step["by"]["roles"] for step in seen["history"]] == [["venue"], ["regional-operator"]]
    assert {step["by"]["account"] for step in seen["history"]} == {trials.account("someone")}
    (own,) = (await trials.must("GET", "/venues/W3/applications", **HOST))["items"]
    assert [(step["reason"], step["by"]) for step in own["history"]] == [(None, None), ("Ремонт", None)]
    for stranger in (ANOTHER, STRANGER):
        assert (await trials.ask("GET", "/applications?region=RU-ROS", **stranger)).status == 403
        assert (await trials.ask("GET", "/venues/W3/applications", **stranger)).status == 404
    assert (await trials.ask("GET", "/venues/W0/applications", **HOST)).status == 404


async def test_whether_a_venue_has_asked_is_told_to_nobody_else(trials: Trials) -> None:
    await asked(trials, "W20")
    for stranger, ends in ((ANOTHER, ("decision", "withdrawal")), (STRANGER, ("withdrawal",))):
        for end in ends:
            body = {"approved": True} if end == "decision" else {"reason": "Ремонт"}
            paths = [f"/venues/{code}/applications/2020/{end}" for code in ("W20", "W21")]
            asked_one, never_asked = [await trials.ask("POST", path, body, **stranger) for path in paths]
            assert (asked_one.status, asked_one.body) == (404, never_asked.body)
    assert (await trials.must("GET", "/venues/W20/applications", **HOST))["items"][0]["state"] == "asked"


async def test_operators_find_what_waits_for_them_by_pages(trials: Trials) -> None:
    for code in ("W4", "W5", "W6"):
        await asked(trials, code, season="2031")
    await trials.must("POST", answer("W5", "2031"), {"approved": True}, **OPERATOR)
    path, found, after = "/applications?region=RU-ROS&season=2031&state=asked&limit=1", [], ""
    while after is not None:
        page = await trials.must("GET", f"{path}&after={after}", **OPERATOR)
        found += [one["venue"] for one in page["items"]]
        after = page["next"]
    assert found == ["W4", "W6"]


async def test_the_federal_registry_is_the_nation_s(trials: Trials) -> None:
    await asked(trials, "W7", registry="federal")
    for body in ({"approved": True}, {"approved": False, "reason": "Рано"}):
        assert (await trials.ask("POST", answer("W7"), body, **OPERATOR)).status == 403
    assert (await trials.must("POST", answer("W7"), {"approved": True}))["state"] == "approved"
    ended = {"reason": "Ремонт"}
    assert (await trials.ask("POST", "/venues/W7/applications/2020/withdrawal", ended, **OPERATOR)).status == 403
    assert (await trials.must("POST", "/venues/W7/applications/2020/withdrawal", ended, **HOST))["state"] == "withdrawn"


async def test_open_slots_outlive_a_withdrawal_and_no_new_ones_open(trials: Trials) -> None:
    await trials.must("PUT", "/venues/W8", {**ENTRY}, **OPERATOR)
    offer = {**OFFER, "venue": "W8", "season": "2020"}
    slot = (await trials.must("POST", "/slots", offer, **HOST))["slot"]
    for _ in range(2):
        ended = await trials.must("POST", "/venues/W8/applications/2020/withdrawal", {"reason": "Ремонт"}, **OPERATOR)
        assert [step["state"] for step in ended["history"]] == ["approved", "withdrawn"]
    assert await told(trials, "W8") == ["venue.registered.v1", "venue.withdrawn.v1"]
    closed = await trials.ask("POST", "/slots", offer, **HOST)
    assert (closed.status, closed.body["type"]) == (409, "venue-not-in-season")
    assert (await trials.must("GET", f"/slots/{slot}", **HOST))["venue"] == "W8"
    assert "W8" not in [venue["venue"] for venue in (await trials.must("GET", "/venues?season=2020", **HOST))["items"]]
    await trials.must("PUT", "/venues/W8", {**ENTRY}, **OPERATOR)
    await trials.must("POST", "/slots", offer, **HOST)


async def test_of_those_who_decide_at_once_one_is_heard(trials: Trials) -> None:
    for code in ("Y1", "Y2", "Y3"):
        await asked(trials, code)
        yes, no = {"approved": True}, {"approved": False, "reason": "Нет лицензии"}
        both = await asyncio.gather(*(trials.ask("POST", answer(code), body, **OPERATOR) for body in (yes, no)))
        assert sorted(one.status for one in both) == [200, 409]
        (application,) = (await trials.must("GET", f"/venues/{code}/applications", **OPERATOR))["items"]
        assert len(application["history"]) == 2
        is_in = (await trials.ask("GET", f"/venues/{code}", **HOST)).status == 200
        assert is_in == (application["state"] == "approved") == bool(await told(trials, code))


async def test_a_venue_that_is_entered_and_withdrawn_at_once_is_where_its_application_says(trials: Trials) -> None:
    await trials.must("PUT", "/venues/Y4", {**ENTRY}, **OPERATOR)
    for capacity in range(1, 5):
        entered = trials.ask("PUT", "/venues/Y4", {**ENTRY, "capacity": capacity}, **OPERATOR)
        ended = trials.ask("POST", "/venues/Y4/applications/2020/withdrawal", {"reason": "Ремонт"}, **HOST)
        assert [one.status for one in await asyncio.gather(entered, ended)] == [200, 200]
        (application,) = (await trials.must("GET", "/venues/Y4/applications", **HOST))["items"]
        is_in = "2020" in (await trials.must("GET", "/venues/Y4", **HOST))["seasons"]
        assert is_in == (application["state"] == "approved")


async def test_a_venue_in_the_registry_stays_there_as_it_was_while_it_asks_for_a_change(trials: Trials) -> None:
    await trials.must("PUT", "/venues/W9", {**ENTRY, "capacity": 10}, **OPERATOR)
    await asked(trials, "W9", capacity=20)
    assert (await trials.must("GET", "/venues/W9", **HOST))["terms"]["2020"]["capacity"] == 10
    await trials.must("POST", answer("W9"), {"approved": True}, **OPERATOR)
    assert (await trials.must("GET", "/venues/W9", **HOST))["terms"]["2020"]["capacity"] == 20


async def test_a_venue_that_an_earlier_release_entered_is_withdrawn_too(trials: Trials) -> None:
    await trials.must("PUT", "/venues/W10", {**ENTRY}, **OPERATOR)
    await trials.mongo["venue_applications"].delete_one({"_id": "W10/2020"})
    await trials.mongo["venues"].update_one({"_id": "W10"}, {"$unset": {"terms": ""}})
    path = "/venues/W10/applications/2020/withdrawal"
    assert (await trials.must("POST", path, {"reason": "Закрыта"}, **HOST))["state"] == "withdrawn"
    other = await trials.ask("POST", "/venues/W10/applications/2031/withdrawal", {"reason": "Закрыта"}, **HOST)
    assert (other.status, other.body["errors"][0]["pointer"]) == (404, "path:season")


@pytest.mark.parametrize(
    ("changed", "status", "pointer"),
    [
        ({"organisation": "nowhere"}, 409, "/organisation"),
        ({"organisation": "RU-ROS"}, 403, None),
        ({"season": "1999"}, 422, "/season"),
        ({"address": {"municipality": "RU-DON", "line": "ул. Мира"}}, 422, "/address/municipality"),
        ({"contact": "Пётр, 8 900 123-45-67"}, 422, "/contact"),
        ({"phone": "1"}, 422, "/phone"),
    ],
)
async def test_what_a_venue_cannot_ask_for_is_refused_by_its_field(
    trials: Trials, changed: Mapping[str, Any], status: int, pointer: str | None
) -> None:
    refused = await trials.ask("POST", "/venues/W11/applications", {**ENTRY, **changed}, **HOST)
    assert refused.status == status
    if pointer is not None:
        assert [error["pointer"] for error in refused.body["errors"]] == [pointer]


async def test_a_new_venue_s_code_is_neither_another_region_s_nor_its_own_grant(trials: Trials) -> None:
    foreign = await trials.ask("POST", "/venues/RU-DON-W1/applications", {**ENTRY}, **HOST)
    assert (foreign.status, foreign.body["errors"][0]["pointer"]) == (422, "path:code")
    squatter = {"role": "venue", "org": "W12"}
    assert (await trials.ask("POST", "/venues/W12/applications", {**ENTRY}, **squatter)).status == 403


async def test_venues_are_listed_by_what_they_say_of_a_season(trials: Trials) -> None:
    for code, said in (("X1", {"grades": [6, 7]}), ("X2", {"accessibility": ["assistant"]}), ("X3", {"capacity": 5})):
        await trials.must("PUT", f"/venues/{code}", {**ENTRY, "season": "running", **said}, **OPERATOR)

    async def listed(asked: str) -> list[str]:
        page = await trials.must("GET", f"/venues?{asked}", **HOST)
        return [venue["venue"] for venue in page["items"] if venue["venue"].startswith("X")]

    assert await listed("season=running&grade=7") == ["X1", "X2", "X3"]
    assert await listed("season=running&grade=8") == ["X2", "X3"], "who has said no grades takes in all of them"
    assert await listed("season=running&accessibility=assistant") == ["X2"], "who has said nothing serves nobody's need"
    vague = await trials.ask("GET", "/venues?grade=8", **HOST)
    assert (vague.status, vague.body["errors"][0]["pointer"]) == (422, "query:season")
