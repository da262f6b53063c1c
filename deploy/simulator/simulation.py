"""Plays a scenario against a running platform and waits until its figures are computed."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random

import aiohttp
from rich.console import Console

from deploy.simulator.backlog import Backlog
from deploy.simulator.calls import Commands, Ledger
from deploy.simulator.client import Client, Traffic
from deploy.simulator.command import Token, only_cause
from deploy.simulator.figures import Check, compare, read_figures
from deploy.simulator.instruments import instruments
from deploy.simulator.meter import Freshness, Meter
from deploy.simulator.plan import Plan, plan
from deploy.simulator.player import Pace, Player
from deploy.simulator.progress import progress
from deploy.simulator.scenario import Scenario, ScenarioError

INSTRUMENTS = Path(__file__).parents[2] / "services" / "trials" / "instruments"
FIGURES_INTERVAL = 0.2
"""Seconds between readings of the figures."""


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of a play. Seconds count from the first command."""

    scenario: Scenario
    checks: tuple[Check, ...]
    traffic: Traffic
    freshness: Freshness
    events: Mapping[str, int]
    """Events by type that the commands caused, all of them seen in the feed."""
    backlog_peak: int
    """The most events that were on their way at once."""
    play_seconds: float
    """Until every event was visible in the feed."""
    figures_seconds: float
    """Until every figure was right over HTTP, or waiting for it ended."""
    ledger: Ledger = field(repr=False)

    @property
    def right(self) -> bool:
        """True if every figure is the scenario's."""
        return all(check.right for check in self.checks)


@dataclass(frozen=True, slots=True)
class Options:
    """The way a scenario is played; the same seed plays the same season."""

    seed: int = 1
    pace: Pace = field(default_factory=Pace)
    patience: float = 120.0
    """Seconds for which a command is tried and a missing event is waited for."""
    figures_within: float = 60.0
    """Seconds that the figures may take after the last event is visible."""


async def simulate(
    scenario: Scenario, url: str, token: Token, clock: Callable[[], datetime], console: Console, options: Options
) -> Result:
    """Plays the whole scenario; raises `ScenarioError` for a season that has not begun, `PlayError` at a refusal."""
    asked = instruments(scenario.diagnostics, INSTRUMENTS)
    try:
        season = plan(scenario, asked, Random(options.seed), clock().date())
    except ValueError as error:
        raise ScenarioError("season.json", str(error)) from None
    commands, now = Commands(scenario, asked, options.seed, Ledger()), asyncio.get_running_loop().time
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as session:
        client = Client(session, url, token, Random(options.seed), options.patience)
        backlog = Backlog(now, stall=options.patience)
        meter = Meter(client, scenario.region, scenario.season, backlog, clock)
        begun = now()
        with progress(console, season.events) as show:
            player = Player(season, commands, client, backlog, options.pace, show)
            await _until_visible(player, meter, season, commands.ledger)
        visible = now()
        checks = await _figures(client, scenario, visible + options.figures_within)
        return Result(
            scenario=scenario,
            checks=tuple(checks),
            traffic=client.traffic,
            freshness=meter.freshness,
            events=dict(backlog.sent),
            backlog_peak=backlog.peak,
            play_seconds=visible - begun,
            figures_seconds=now() - begun,
            ledger=commands.ledger,
        )


async def _until_visible(player: Player, meter: Meter, season: Plan, ledger: Ledger) -> None:
    try:
        async with asyncio.TaskGroup() as group:
            tail = group.create_task(meter.run())
            if season.scenario.corrections:
                before = await meter.caught_up()
                ledger.gone = frozenset(season.amended("erase")[: before["participant.erased.v1"]])
                ledger.revoked = frozenset(season.revoked[: before["attendance.revoked.v1"]])
                ledger.lapsing = frozenset(season.amended("consent") if before["consent.withdrawn.v1"] else ())
            await player.play()
            tail.cancel()
    except BaseExceptionGroup as group:  # not `except*`: what is raised in it is put into a group again
        raise only_cause(group) from None


async def _figures(client: Client, scenario: Scenario, deadline: float) -> list[Check]:
    """The checks as soon as all are right, or as they stand at the deadline."""
    while True:
        checks = compare(scenario, await read_figures(client, scenario))
        if all(check.right for check in checks) or asyncio.get_running_loop().time() > deadline:
            return checks
        await asyncio.sleep(FIGURES_INTERVAL)
