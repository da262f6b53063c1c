"""What trials is told before a season over HTTP: timetables, rules, instruments, venues."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import pytest_asyncio

from deploy.local.stack import Infrastructure
from shared.contracts.trials import SlotOpened
from tests.builders.events import region
from tests.builders.trials import INSTRUMENT, OFFER, RULES, VENUE, attempt
from tests.drivers.trials import HOST, NAVIGATOR, Trials, problems, trials_service


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trials(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    async with trials_service(infrastructure) as running:
        yield running


async def test_a_timetable_is_published_once_and_read_by_pages(trials: Trials) -> None:
    slots = [
        {**OFFER, "ref": f"t{n}", "competency": "games", "starts_at": f"2020-11-1{n}T14:00:00+03:00"} for n in range(5)
    ]
    wrong = [{**OFFER, "ref": "w1", "competency": "alchemy"}, {**OFFER, "ref": "w2", "minutes": 5}]
    body = {"venue": VENUE, "season": "2020", "slots": [*slots, *wrong], "occurred_at": "2020-09-01T10:00:00+03:00"}
    first = await trials.must("POST", "/slots/batch", body, **HOST)
    assert [item["status"] for item in first["items"]] == ["opened"] * 5 + ["rejected"] * 2
    assert problems(first)[5:] == [("bad-input", "/slots/5/competency"), ("bad-input", "/slots/6/minutes")]
    again = await trials.must("POST", "/slots/batch", body, **HOST)
    assert [item["status"] for item in again["items"]] == ["known"] * 5 + ["rejected"] * 2
    assert [item.get("slot") for item in again["items"]] == [item.get("slot") for item in first["items"]]
    seen, after = [], ""
    while after is not None:
        page = await trials.must(
            "GET", f"/slots?season=2020&competency=games&limit=2&after={after}", role="guardian", org="g"
        )
        seen += page["items"]
        after = page["next"]
    assert [slot["ref"] for slot in seen] == [f"t{n}" for n in range(5)]
    assert {slot["open_seats"] for slot in seen} == {8}
    opened = [e.event for e in await trials.published("trials.catalogue.v1") if isinstance(e.event, SlotOpened)]
    assert sum(event.competency == "games" for event in opened) == 5
    assert (await trials.ask("GET", "/slots?season=2020&after=nonsense", **HOST)).status == 422


async def test_an_idempotency_key_names_a_slot_without_a_ref(trials: Trials) -> None:
    offer = {**OFFER, "venue": VENUE, "season": "2020", "starts_at": "2020-12-01T09:00:00+03:00"}
    answers = [await trials.ask("POST", "/slots", offer, **HOST, idempotency_key="k1") for _ in range(2)]
    assert [answer.status for answer in answers] == [201, 200]
    assert answers[0].body["slot"] == answers[1].body["slot"]
    other = await trials.ask("POST", "/slots", {**offer, "minutes": 60}, **HOST, idempotency_key="k1")
    assert (other.body["type"], other.body["errors"][0]["pointer"]) == ("ref-reused", "header:Idempotency-Key")


@pytest.mark.parametrize(
    ("path", "body", "changed", "pointer"),
    [
        ("/seasons/2040", RULES, {"closes": "2020-07-06"}, "/closes"),
        ("/seasons/2040", RULES, {"grades": [9, 6]}, "/grades"),
        ("/seasons/2040", RULES, {"diagnostics": ["a", "a"]}, "/diagnostics"),
        ("/diagnostics/d40", INSTRUMENT, {"scales": [{"code": "other", "name": "x"}]}, "/items"),
        ("/diagnostics/d40", INSTRUMENT, {"options": [{"code": c, "points": 1} for c in "ab"]}, "/options"),
        ("/diagnostics/d40", INSTRUMENT, {"items": [{"code": "m", "scale": "planning"}] * 2}, "/items"),
    ],
)
async def test_what_does_not_fit_together_is_named_by_its_field(
    trials: Trials, path: str, body: Mapping[str, Any], changed: Mapping[str, Any], pointer: str
) -> None:
    refused = await trials.ask("PUT", path, {**body, **changed})
    assert (refused.status, [error["pointer"] for error in refused.body["errors"]]) == (422, [pointer])


async def test_rules_and_instruments_in_use_no_longer_change(trials: Trials) -> None:
    draft = {**RULES, "diagnostics": ["draft"]}
    assert (await trials.must("PUT", "/seasons/2031", draft))["in_use"] is False
    assert (await trials.must("PUT", "/seasons/2031", {**draft, "trials_required": 3}))["trials_required"] == 3
    await trials.must("PUT", "/diagnostics/draft", INSTRUMENT)
    await trials.must("PUT", "/diagnostics/draft", {**INSTRUMENT, "name": "other"})
    await trials.enrol("first", season="2031")
    changed = await trials.ask("PUT", "/seasons/2031", draft)
    assert (changed.status, changed.body["type"]) == (409, "season-in-use")
    assert (await trials.must("PUT", "/seasons/2031", {**draft, "trials_required": 3}))["in_use"] is True
    await trials.must("POST", "/attempts", attempt("first", "draft", season="2031"), **NAVIGATOR)
    changed = await trials.ask("PUT", "/diagnostics/draft", INSTRUMENT)
    assert (changed.status, changed.body["type"]) == (409, "instrument-in-use")
    assert (await trials.must("PUT", "/diagnostics/draft", {**INSTRUMENT, "name": "other"}))["used"] is True


@pytest.mark.parametrize(
    ("change", "status", "slug"),
    [
        ({"organisation": "nowhere"}, 409, "organisation-unknown"),
        ({"organisation": "RU-ROS"}, 422, "bad-input"),
        ({"season": "1999"}, 422, "bad-input"),
    ],
)
async def test_a_venue_needs_an_organisation_and_a_season(
    trials: Trials, change: Mapping[str, str], status: int, slug: str
) -> None:
    entry = {"organisation": VENUE, "name": "x", "registry": "federal", "season": "2020", **change}
    refused = await trials.ask("PUT", "/venues/other", entry, role="regional-operator", org="RU-ROS")
    assert (refused.status, refused.body["type"]) == (status, slug)


async def test_a_new_venue_has_a_code_of_its_own_region(trials: Trials) -> None:
    await trials.publish(region("RU-MOW"), region("RU-ROS-NEW"))
    await trials.know({"kind": "region", "_id": {"$in": ["RU-MOW", "RU-ROS-NEW"]}}, 2, "organisations")
    entry = {"organisation": VENUE, "name": "x", "registry": "federal", "season": "2020"}
    operator = {"role": "regional-operator", "org": "RU-ROS"}
    for foreign in ("RU-MOW-001-V01", "RU-MOW", "RU-ROS-NEW-V01", "RU-TOMORROW-V01"):
        refused = await trials.ask("PUT", f"/venues/{foreign}", entry, **operator)
        assert (refused.status, refused.body["errors"][0]["pointer"]) == (422, "path:code")
    for own in ("RU-ROS-001-V77", "V77"):
        await trials.must("PUT", f"/venues/{own}", entry, **operator)
    await trials.must("PUT", "/venues/RU-MOW-V78", entry)
    await trials.must("PUT", "/venues/RU-MOW-V78", {**entry, "name": "y"}, **operator)
