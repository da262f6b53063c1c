"""Every role of every service is killed three times while a season is played: nothing is lost, nothing counts twice."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import aiohttp
import pytest

from deploy.cli.whole_demo import settings_of
from deploy.local.system import System
from deploy.simulator import simulation
from deploy.simulator.acts import Sit
from deploy.simulator.plan import Plan
from deploy.simulator.player import Pace
from deploy.simulator.scenario import Scenario
from deploy.simulator.simulation import Options, Result
from tests.chaos.conftest import Show
from tests.chaos.installation import Installation, planned, play, season
from tests.chaos.kills import Killer, table
from tests.chaos.proof import proven
from tests.chaos.work import Requests, Work
from tests.verdict import one_failure, same

ROLES = {
    "registration": ("api", "worker", "relay"),
    "trials": ("api", "worker", "relay"),
    "notifications": ("api", "worker", "relay"),
    "analytics": ("api", "worker", "feed", "relay"),
}
KILLS = int(os.environ.get("KILLS", "3"))
FIRST, LAST_DUE = 0.2, 0.72
PATIENCE = 300.0
"""Seconds for a command and for the figures: more than a process may take to recover, three times in a row."""
BEFORE_THE_TURN = ("registration.api", "registration.relay", "trials.worker")
AFTER_THE_TURN = ("trials.api", "trials.relay", "registration.worker")
ENROLMENT_ENDS = 0.07
PAUSES = tuple(share / 100 for share in range(20, 81, 2))
READERS = 4


def names() -> list[str]:
    """Of all processes."""
    return [f"{service}.{role}" for service, roles in ROLES.items() for role in roles]


def points(process: str, turn: float, rng: Random) -> list[float]:
    """When to kill a process: shares of the season's events, where it has something to do.

    At the turn of the season the last pupil is registered and the first is tested.
    """
    last = turn - ENROLMENT_ENDS if process in BEFORE_THE_TURN else LAST_DUE
    return [rng.uniform(turn if process in AFTER_THE_TURN else FIRST, last) for _ in range(KILLS)]


def turn_of(planned: Plan) -> float:
    """The share of a season's events that come before the first test."""
    first = next(step.number for step in planned.steps if isinstance(step.act, Sit))
    return sum(sum(step.events.values()) for step in planned.steps[:first]) / planned.events


@pytest.mark.timeout(1800)
async def test_every_process_killed(
    installation: Installation, seed: int, show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario, requests, begun = season(), Requests(), time.monotonic()
    monkeypatch.setattr(simulation, "Client", requests.client())
    async with installation.running(ROLES) as running:
        result, killers = await _play_with_kills(running, scenario, seed, requests)
        kills = [kill for killer in killers for kill in killer.kills]
        show(table(kills))
        show(f"{sum(kill.in_hand > 0 for kill in kills)} of {len(kills)} kills met a process with work in hand")
        same("every process was killed", {k.process: len(k.kills) for k in killers}, dict.fromkeys(names(), KILLS))
        assert any(kill.in_hand for kill in kills), "the season was over before any kill: raise SCALE"
        show(str(await proven(running, result, seed)))
        show(f"{len(kills)} kills in {time.monotonic() - begun:.0f} s; retries: {dict(result.traffic.retries)}")


async def _play_with_kills(
    running: System, scenario: Scenario, seed: int, requests: Requests
) -> tuple[Result, list[Killer]]:
    """The season, which pauses often and goes on once nobody is dead; what is due and has no work waits for more.

    Who still is to be killed when it is over, as after a small season, is killed at rest: what must hold is the same.
    """
    rng, turn = Random(seed), turn_of(planned(scenario, seed))
    async with Work(settings_of(running.settings), requests) as work:
        killers = [Killer(running, work, name, points(name, turn, rng), rng) for name in names()]

        async def pause(share: float) -> None:
            while any(killer.recovering for killer in killers):
                await asyncio.sleep(0.02)
            for killer in killers:
                killer.reached = share

        options = Options(
            seed=seed, pace=Pace(pause_at=PAUSES, at_pause=pause), patience=PATIENCE, figures_within=PATIENCE
        )
        with one_failure("the season with kills"):
            async with _families_that_look(running, requests), _at_work(killers):
                result = await play(running, scenario, options)
    return result, killers


@asynccontextmanager
async def _at_work(killers: list[Killer]) -> AsyncIterator[None]:
    """Lets them kill while the body runs, and to their end; a killer that fails ends the body."""
    async with asyncio.TaskGroup() as group:
        for killer in killers:
            group.create_task(killer.run())
        yield
        for killer in killers:
            killer.over = True


@asynccontextmanager
async def _families_that_look(running: System, requests: Requests) -> AsyncIterator[None]:
    """Keeps the notifications' API busy as cabinets that are open do."""

    async def look(http: aiohttp.ClientSession, number: int) -> None:
        token = running.issuer.token(f"looker-{number}", [{"role": "guardian"}], time.time(), 6 * 3600)
        url, path = running.url, "/notifications/inbox"
        while True:
            with requests.asking(path):
                try:
                    async with http.get(url + path, headers={"Authorization": f"Bearer {token}"}) as answer:
                        await answer.read()
                        assert answer.status in (200, 502, 503, 504), answer.status
                except (aiohttp.ClientError, TimeoutError):
                    pass  # killed under its hands; a family looks again
            await asyncio.sleep(0.05)

    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as http, asyncio.TaskGroup() as group:
        tasks = [group.create_task(look(http, number)) for number in range(READERS)]
        yield
        for task in tasks:
            task.cancel()
