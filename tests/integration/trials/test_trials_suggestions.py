"""Suggestions over HTTP: each can be booked, says why it suits, and is told to family and teacher alone."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest_asyncio

from deploy.local.stack import Infrastructure
from shared.contracts.organisations import OrganisationDefined
from tests.builders.trials import PROGRAMME, VENUE
from tests.drivers.consumers import eventually
from tests.drivers.trials import HOST, NAVIGATOR, RUNNING, STRANGER, Trials, trials_service

LIKES = ("safe", "smart", "social")
INTERESTS: Mapping[str, Any] = {
    "name": "Интересы",
    "method": "liking",
    "scales": [{"code": code, "name": {"ru": code.upper(), "en": code}} for code in LIKES],
    "options": [{"code": "no", "points": 0}, {"code": "yes", "points": 1}],
    "items": [{"code": code, "scale": code} for code in LIKES],
}
OTHER = "RU-ROS-002-V01"
"""A venue of the next municipality."""


def coming(days: int, hour: int = 9) -> str:
    """A time some days from now."""
    day = datetime.now(UTC).replace(hour=hour, minute=0, second=0, microsecond=0)
    return (day + timedelta(days=days)).isoformat()


def organisation(code: str, kind: str, parent: str, municipality: str) -> OrganisationDefined:
    fields: dict[str, Any] = {"code": code, "kind": kind, "name": f"Имя {code}", "parent": parent, "region": "RU-ROS"}
    return OrganisationDefined(**fields, municipality=municipality, utc_offset="+03:00")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trials(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    async with trials_service(infrastructure) as running:
        towns = [organisation(f"RU-ROS-{n}", "municipality", "RU-ROS", f"RU-ROS-{n}") for n in ("001", "002")]
        await running.publish(*towns, organisation(OTHER, "college", "RU-ROS-002", "RU-ROS-002"))
        await running.know({"_id": {"$in": [OTHER, *(town.code for town in towns)]}}, 3, "organisations")
        await running.must("PUT", "/diagnostics/liking", INTERESTS)
        today = datetime.now(UTC).date()
        days = {"opens": str(today - timedelta(days=9)), "closes": str(today + timedelta(days=60))}
        rules = {"name": "Сезон", **days, "grades": [6, 11], "trials_required": 2, "diagnostics": ["liking"]}
        await running.must("PUT", "/seasons/liked", {**rules, "recommendation_gate": "after-diagnostics"})
        for code, more in ((VENUE, {}), (OTHER, {"expects": ["RU-ROS-001"]})):
            venue = {"organisation": code, "name": "Колледж", "registry": "regional", "season": "liked", **more}
            await running.must("PUT", f"/venues/{code}", venue)
        for code, environment in (("smart-one", "smart"), ("safe-one", "safe")):
            passport = {**PROGRAMME, "environment": environment, "grades": [6, 11], "needs": []}
            await running.must("PUT", f"/programmes/{code}", {**passport, "organisation": "RU-ROS"})
        yield running


async def offered(trials: Trials, venue: str = VENUE, **changed: Any) -> str:
    slot = {"competency": "gov", "kind": "trial", "minutes": 90, "capacity": 1, "grades": [6, 11], **changed}
    opened = await trials.must("POST", "/slots", {"venue": venue, "season": "liked", **slot})
    return str(opened["slot"])


async def suggested(trials: Trials, id: str, **who: Any) -> list[Any]:
    path = f"/participants/{id}/suggestions?season=liked"
    items: list[Any] = (await trials.must("GET", path, **(who or NAVIGATOR)))["suggestions"]
    return items


async def test_what_suits_is_suggested_with_reasons_until_it_cannot_be_booked(trials: Trials) -> None:
    await trials.enrol("one", "two", season="liked")
    answers = {"safe": "no", "smart": "yes", "social": "no"}
    sent = {"ref": "1", "participant": "one", "season": "liked", "diagnostic": "liking", "answers": answers}
    await trials.must("POST", "/attempts", sent, **NAVIGATOR)
    smart = await offered(trials, starts_at=coming(3), programme="smart-one")
    again = await offered(trials, starts_at=coming(4), programme="smart-one")
    near = await offered(trials, starts_at=coming(3, 10), competency="games")
    next_door = await offered(trials, OTHER, starts_at=coming(5), competency="games", accessibility=["wheelchair"])
    await offered(trials, starts_at=coming(6), grades=[10, 11], competency="games")
    await offered(trials, starts_at=coming(-1), programme="safe-one")

    async def all_there() -> bool:
        return [item["slot"] for item in await suggested(trials, "one")] == [smart, near, next_door]

    await eventually(all_there)
    first, _, last = await suggested(trials, "one")
    assert [reason["code"] for reason in first["reasons"]] == [
        "interest",
        "in-municipality",
        "new-competency",
        "counts",
    ]
    assert first["reasons"][0]["words"] == {
        "ru": "Близко к тому, что тебе интересно: SMART",
        "en": "Close to what interests you: smart",
    }
    assert (last["municipality"], last["municipality_name"]) == ("RU-ROS-002", "Имя RU-ROS-002")
    assert [reason["code"] for reason in last["reasons"]] == ["new-competency", "neighbour", "counts"]
    two = {"participant": "two"}
    assert (await trials.ask("POST", f"/slots/{smart}/bookings", two, **NAVIGATOR)).status == 201
    found = [item["slot"] for item in await suggested(trials, "one")]
    assert found == [again, near, next_door], "the seat is gone at once"
    assert near not in [item["slot"] for item in await suggested(trials, "two")], "not at the time of another seat"

    signed = {"needs": ["wheelchair"], "template": "0" * 64, "register_number": "1"}
    await trials.must("PUT", "/participants/one/needs", signed, **NAVIGATOR)
    (only,) = await suggested(trials, "one")
    assert (only["slot"], only["reasons"][-1]["code"]) == (next_door, "needs-met")
    for slot in [item["slot"] for id in ("two", "one") for item in await suggested(trials, id)]:
        seat = {"participant": "one"}
        assert (await trials.ask("POST", f"/slots/{slot}/bookings", seat, **NAVIGATOR)).status in (200, 201)


async def test_suggestions_are_the_family_s_and_the_teacher_s_alone(trials: Trials) -> None:
    await trials.enrol("own", season="liked")
    await trials.enrol("silent", season="liked", consent=False)
    await trials.link("own", "mother")
    path = "/participants/own/suggestions?season=liked"
    assert await suggested(trials, "own", role="guardian", org="mother")
    for status, who in ((404, STRANGER), (403, HOST), (403, {"role": "regional-operator", "org": "RU-ROS"})):
        assert (await trials.ask("GET", path, **who)).status == status
    assert await suggested(trials, "silent") == [], "nothing can be booked without consent"
    assert (await trials.must("GET", "/participants/own/suggestions?season=none", **NAVIGATOR))["suggestions"] == []
    assert (await trials.must("GET", f"/participants/own/suggestions?season={RUNNING}", **NAVIGATOR))[
        "suggestions"
    ] == []
    assert (await trials.ask("GET", f"{path}&most=21", **NAVIGATOR)).status == 422


async def test_a_venue_expects_pupils_of_municipalities_of_its_region_alone(trials: Trials) -> None:
    venue = {"organisation": VENUE, "name": "Колледж", "registry": "regional", "season": "2020"}
    refused = await trials.ask("PUT", f"/venues/{VENUE}", {**venue, "expects": ["RU-ROS-002", "RU-MOW-001"]})
    assert (refused.status, refused.body["errors"][0]["pointer"]) == (422, "/expects/1")
