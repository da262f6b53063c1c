"""Two rounds of diagnostics over HTTP: the change is shown, and merges, consents and backups keep the rounds apart."""

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from deploy.local.stack import Infrastructure
from services.trials.collections import PARTICIPANTS
from shared.contracts.trials import DiagnosticCompleted, DiagnosticRevoked
from tests.builders.events import at
from tests.builders.merging import merged, unmerged
from tests.builders.trials import RULES, attempt
from tests.drivers.backups import Backup, assert_numbered_once
from tests.drivers.trials import NAVIGATOR, Trials, history, states, trials_service

HALVES = "halves"
"""A season whose second round opens in November."""
FIRST, SECOND = "2020-09-14T10:00:00+03:00", "2020-11-14T10:00:00+03:00"
WEAK = {"m1": "partly", "m2": "no", "p1": "yes"}
"""Scores 75 on motivation and 100 on planning."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trials(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    async with trials_service(infrastructure) as running:
        rules = {**RULES, "second_round": {"opens": "2020-11-01"}, "recommendation_gate": "after-diagnostics"}
        defined = await running.must("PUT", f"/seasons/{HALVES}", rules)
        assert (defined["second_round"], defined["tested_by"]) == ({"opens": "2020-11-01"}, "first-round")
        yield running


async def sat(trials: Trials, id: str, diagnostic: str, time: str, ref: str = "1", **changed: Any) -> Any:
    sent = attempt(id, diagnostic, ref=f"{diagnostic}-{ref}", season=HALVES, occurred_at=time, **changed)
    return await trials.must("POST", "/attempts", sent, **NAVIGATOR)


async def path_of(trials: Trials, id: str) -> Any:
    return await trials.must("GET", f"/participants/{id}/path?season={HALVES}", **NAVIGATOR)


async def rounds_of(trials: Trials, id: str) -> list[tuple[str, str, int]]:
    told = [e.event for e in await trials.published("trials.events.v1") if e.event.key == id]
    ours = (event for event in told if isinstance(event, DiagnosticCompleted | DiagnosticRevoked))
    return [(event.type.split(".")[1], event.diagnostic, event.round) for event in ours]


async def test_an_attempt_is_of_the_round_of_its_day_and_the_change_is_shown(trials: Trials) -> None:
    await trials.enrol("both", season=HALVES)
    before = await sat(trials, "both", "readiness", FIRST)
    await sat(trials, "both", "interests", SECOND)
    path = await path_of(trials, "both")
    assert (path["stages"]["tested"], path["changes"], path["recommendation"]) == (None, [], None)
    after = await sat(trials, "both", "readiness", SECOND, "2", answers=WEAK)
    path = await path_of(trials, "both")
    assert [(one["diagnostic"], one["round"]) for one in path["attempts"]] == [
        ("readiness", 1),
        ("interests", 2),
        ("readiness", 2),
    ]
    (change,) = path["changes"]
    assert (change["before"], change["after"]) == (before["attempt"], after["attempt"])
    assert (change["diagnostic_name"], change["scales"]) == ("Готовность", {"motivation": -25.0, "planning": 50.0})
    assert await rounds_of(trials, "both") == [
        ("completed", "readiness", 1),
        ("completed", "interests", 2),
        ("completed", "readiness", 2),
    ]
    await sat(trials, "both", "interests", FIRST, "late")
    path = await path_of(trials, "both")
    assert path["stages"]["tested"] == FIRST
    assert path["recommendation"]["time"] == FIRST, "what is entered late counts by its day"


async def test_the_second_round_alone_is_taking_part(trials: Trials) -> None:
    await trials.enrol("late", season=HALVES)
    for diagnostic in ("readiness", "interests"):
        await sat(trials, "late", diagnostic, SECOND)
    stages = (await path_of(trials, "late"))["stages"]
    assert (stages["participated"], stages["tested"], stages["recommended"]) == (SECOND, None, None)


async def test_rounds_outlive_merging_withdrawn_consents_and_a_backup(trials: Trials) -> None:
    await trials.enrol("s", "d", "gap", season=HALVES)
    for id in ("s", "gap"):
        await sat(trials, id, "readiness", FIRST)
    await trials.know({}, 0, "outbox")
    backup = Backup.of(trials.settings, "trials")
    await sat(trials, "d", "interests", FIRST)
    await sat(trials, "d", "readiness", SECOND)
    await sat(trials, "gap", "readiness", SECOND, "2")
    await trials.publish(*merged("s", "d"), time=at("2020-11-20"))
    await trials.know({"_id": {"$in": ["s", "d"]}, "mergings.merged": True}, 2, PARTICIPANTS)
    path = await path_of(trials, "d")
    assert (path["stages"]["tested"], [one["diagnostic"] for one in path["changes"]]) == (FIRST, ["readiness"])
    await trials.withdraw("gap", at("2020-11-10"))
    assert await rounds_of(trials, "gap") == [
        ("completed", "readiness", 1),
        ("completed", "readiness", 2),
        ("revoked", "readiness", 2),
    ]
    path = await path_of(trials, "gap")
    assert [(one["round"], one["time"]) for one in path["attempts"]] == [(1, FIRST)]
    before, stored = await history(trials), await states(trials)
    assert stored[f"paths d/{HALVES}"]["second_round"].keys() == {"readiness"}

    await trials.child.stop()
    backup.put_back()
    await trials.start()
    assert await states(trials) == stored
    assert await history(trials) == before
    path = await path_of(trials, "s")
    assert sorted((one["diagnostic"], one["round"]) for one in path["attempts"]) == [
        ("interests", 1),
        ("readiness", 1),
        ("readiness", 2),
    ]
    await trials.publish(*unmerged("s", "d"), time=at("2020-11-21"))
    await trials.know({"_id": {"$in": ["s", "d"]}, "mergings.merged": False}, 2, PARTICIPANTS)
    alone = await path_of(trials, "d")
    assert sorted((one["diagnostic"], one["round"]) for one in alone["attempts"]) == [
        ("interests", 1),
        ("readiness", 2),
    ]
    assert_numbered_once(await history(trials))
