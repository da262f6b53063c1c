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
from deploy.simulator.client import Client, Token, Traffic
from deploy.simulator.command import only_cause
from deploy.simulator.commands import Commands, Ledger
from deploy.simulator.figures import Check, compare, read_figures
from deploy.simulator.instruments import instruments
from deploy.simulator.meter import Freshness, Meter
from deploy.simulator.plan import Plan, plan
from deploy.simulator.player import AtPause, Pace, Player
from deploy.simulator.progress import Show, progress
from deploy.simulator.scenario import Scenario
from deploy.simulator.tables import ScenarioError

INSTRUMENTS = Path(__file__).parents[1] / "scenarios" / "instruments"
FIGURES_INTERVAL = 0.2
"""Seconds between readings of the figures."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a play showed. Seconds count from the first command."""

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
        """Whether every figure is the scenario's."""
        return all(check.right for check in self.checks)


async def _go_on(fraction: float) -> None:
    """What happens at a pause point by default: nothing."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a scenario is played; the same seed plays the same season."""

    seed: int = 1
    pace: Pace = field(default_factory=Pace)
    at_pause: AtPause = _go_on
    lag: float = 0.27
    """Seconds of throughput that may be accepted and not yet visible."""
    patience: float = 120.0
    """Seconds for which a command is tried and a missing event is waited for."""
    figures_within: float = 60.0
    """Seconds that the figures may take after the last event is visible."""


async def simulate(
    scenario: Scenario,
    base_url: str,
    token: Token,
    clock: Callable[[], datetime],
    console: Console,
    options: Options | None = None,
) -> Result:
    """Play the whole scenario; raises `ScenarioError` for a season that has not begun, `PlayError` at a refusal."""
    options = options or Options()
    asked = instruments(scenario.diagnostics, INSTRUMENTS)
    try:
        season = plan(scenario, asked, Random(options.seed), clock().date())
    except ValueError as error:
        raise ScenarioError("season.json", str(error)) from None
    commands = Commands(scenario, asked, options.seed, Ledger())
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as session:
        client = Client(session, base_url, token, Random(options.seed), options.patience)
        return await _Play(season, commands, client, clock, options).run(console)


@dataclass(frozen=True, slots=True)
class _Play:
    season: Plan
    commands: Commands
    client: Client
    clock: Callable[[], datetime]
    options: Options

    async def run(self, console: Console) -> Result:
        now = asyncio.get_running_loop().time
        backlog = Backlog(now, lag=self.options.lag, stall=self.options.patience)
        scenario = self.season.scenario
        meter = Meter(self.client, scenario.region, scenario.season, backlog, self.clock)
        begun = now()
        with progress(console, self.season.events) as show:
            await self._until_visible(meter, backlog, show)
        visible = now()
        checks = await self._figures(visible + self.options.figures_within)
        return Result(
            scenario=scenario,
            checks=tuple(checks),
            traffic=self.client.traffic,
            freshness=meter.freshness,
            events=dict(backlog.sent),
            backlog_peak=backlog.peak,
            play_seconds=visible - begun,
            figures_seconds=now() - begun,
            ledger=self.commands.ledger,
        )

    async def _until_visible(self, meter: Meter, backlog: Backlog, show: Show) -> None:
        options = self.options
        player = Player(self.season, self.commands, self.client, backlog, options.pace, options.at_pause, show)
        try:
            async with asyncio.TaskGroup() as group:
                tail = group.create_task(meter.run())
                await player.play()
                tail.cancel()
        except BaseExceptionGroup as group:  # not `except*`: what is raised in it is put into a group again
            raise only_cause(group) from None

    async def _figures(self, deadline: float) -> list[Check]:
        """The checks as soon as all are right, or as they stand at the deadline."""
        while True:
            checks = compare(self.season.scenario, await read_figures(self.client, self.season.scenario))
            if all(check.right for check in checks) or asyncio.get_running_loop().time() > deadline:
                return checks
            await asyncio.sleep(FIGURES_INTERVAL)
