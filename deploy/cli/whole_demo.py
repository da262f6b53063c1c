"""The whole system on this machine plays a season, and shows what it computed and what it cost."""

import asyncio
import json
import os
import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from random import Random

import aiohttp
from rich.console import Console
from rich.table import Table

from deploy.cli.installation import signing
from deploy.cli.lag import backlog
from deploy.cli.open_page import address
from deploy.cli.open_season import open_season
from deploy.cli.play import play_season, refuse_another, scenario_of
from deploy.cli.run_file import About, announced
from deploy.cli.version import ROOT, version
from deploy.gateway import caddy
from deploy.local.folder import data_folder
from deploy.local.stack import infrastructure
from deploy.local.system import Setup, System, system
from deploy.programs.ports import is_free
from deploy.programs.server import Say
from deploy.simulator.client import Client
from deploy.simulator.command import PlayError
from deploy.simulator.report import print_report
from deploy.simulator.scenario import Scenario
from deploy.simulator.simulation import Result
from shared.base.settings import Settings

PAGE_SECONDS = 1.0
PAGE_TIMEOUT = aiohttp.ClientTimeout(total=10)
DRAIN_SECONDS = 60.0
OPENS_WITHIN = 30.0
LOOK = "In another terminal: {bilet} status, open {region}, lag, feed tail {region}, --help"
OWN = "Calls of your own succeed in season {season}, which is open now: {url}/docs tells them, {script} makes some"
BILET, FIRST_CALLS = Path(".venv/bin/bilet"), Path("deploy/first-calls.sh")


@dataclass(frozen=True, slots=True)
class Play:
    """A play to be made, and how the system that plays it is kept."""

    scenario: Path
    scale: float
    seed: int
    keep: Path | None
    port: int | None
    exit: bool


async def demo(play: Play, console: Console) -> int:
    """Starts everything, plays, reports; stays up until Ctrl-C unless told to exit. 1 if a figure differs."""
    scenario = scenario_of(play.scenario, play.scale)
    say = partial(console.print, highlight=False, markup=False)
    whole = partial(say, soft_wrap=True)
    with data_folder(play.keep) as data:
        # What would be refused after half a minute, when everything runs.
        refuse_another(data, scenario, play.seed)
        if play.port and not is_free(play.port):
            raise caddy.busy(play.port)
        async with _running(play, scenario, data, say) as running:
            token = signing(running.issuer)(
                "regional-operator", [{"role": "regional-operator", "org": scenario.region}]
            )
            shown = address(running.url, scenario.region, scenario.season, token)
            whole(f"The page of the region: {shown}\n")
            page = asyncio.create_task(_keep_open(running.url, scenario, token))
            begun = time.monotonic()
            result = await play_season(scenario, running.url, signing(running.issuer), console, play.seed, data)
            drained = await _drained(running, begun + result.figures_seconds)
            page.cancel()
            print_report(result, console)
            _print_cost(result, drained and drained - begun, running, console)
            if play.exit:
                return 0 if result.right and drained else 1
            whole(f"\nStays up until Ctrl-C: {shown}")
            whole(LOOK.format(bilet=_here(BILET) or "bilet", region=scenario.region))
            whole(await _own_calls(running, scenario))
            await asyncio.Event().wait()
    return 0


@asynccontextmanager
async def _running(play: Play, scenario: Scenario, data: Path, say: Say) -> AsyncIterator[System]:
    """The whole system, known to the commands of this machine while it is ready."""
    shown = play.scenario / "season.json"
    if play.scale != 1:  # as the page shows it: of a scaled scenario, nothing is a reported fact
        document = json.loads(shown.read_text()) | {"reported": list(scenario.reported)}
        shown = data / "season.json"
        shown.write_text(json.dumps(document, ensure_ascii=False))
    async with (
        infrastructure(data, say, kept=play.keep is not None) as servers,
        system(servers, say, Setup(port=play.port, scenario=shown)) as running,
    ):
        about = About(
            url=running.url,
            checkout=str(ROOT),
            version=version(),
            started=datetime.now().astimezone().isoformat(timespec="seconds"),
            region=scenario.region,
            season=scenario.season,
            processes=running.processes,
        )
        with announced(data, running.settings, about):
            yield running


async def _own_calls(running: System, scenario: Scenario) -> str:
    """Opens a season for whoever tries the API now; what to say of it."""
    now, script = datetime.now(scenario.zone), _here(FIRST_CALLS) or f"bash {ROOT / FIRST_CALLS}"
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as http:
        client = Client(http, running.url, signing(running.issuer), Random(now.year), OPENS_WITHIN)
        try:
            return OWN.format(season=await open_season(client, scenario, now), url=running.url, script=script)
        except PlayError as refusal:
            return f"No season is open for calls of your own: {refusal}"


def _here(path: Path) -> str:
    """The path of a program as one calls it in a checkout; nothing where this is none, or another folder."""
    return str(path) if path.exists() and Path.cwd().samefile(ROOT) else ""


async def _keep_open(url: str, scenario: Scenario, token: str) -> None:
    """Asks what an open page asks, as often, so that the figures printed are those of a system that is looked at."""
    region = f"{url}/analytics/regions/{scenario.region}"
    questions = [
        f"{region}/{question}{'&' if '?' in question else '?'}season={scenario.season}"
        for question in ("funnel?by=municipality", "ranking", "competencies?top=10")
    ]
    tags: dict[str, str] = {}
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}, timeout=PAGE_TIMEOUT) as http:
        while True:
            for question in questions:
                with suppress(aiohttp.ClientError, TimeoutError):
                    async with http.get(question, headers={"If-None-Match": tags.get(question, "")}) as answer:
                        tags[question] = answer.headers.get("ETag", "")
                        await answer.read()
            await asyncio.sleep(PAGE_SECONDS)


async def _drained(running: System, since: float) -> float | None:
    """The time at which every lag was 0 and every outbox and feed relay empty; None if it did not come."""
    settings = settings_of(running.settings)
    try:
        async with asyncio.timeout(max(0.0, since + DRAIN_SECONDS - time.monotonic())):
            while (await backlog(settings)).total:
                await asyncio.sleep(0.2)
    except TimeoutError:
        return None
    return time.monotonic()


def settings_of(environ: Mapping[str, str]) -> Settings:
    """The settings that a process with this environment has."""
    return Settings.model_validate({name.lower(): text for name, text in environ.items()})


def _print_cost(result: Result, drained: float | None, running: System, console: Console) -> None:
    table = Table("process", "peak memory, MB", "processor, s", title="Processes")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, pid in {**running.pids, "simulator and demo": os.getpid()}.items():
        peak, spent = (peak_memory(pid), cpu_seconds(pid)) if pid else (None, None)
        table.add_row(name, f"{peak / 1e6:.0f}" if peak else "gone", f"{spent:.1f}" if spent else "gone")
    console.print(table)
    if drained is None:
        console.print("[bold red]Something still waits[/] in an outbox or a group: see `bilet lag`.")
    else:
        console.print(
            f"From the first command until every figure was right over HTTP, every lag 0 and every outbox empty: "
            f"{max(drained, result.figures_seconds):.1f} s"
        )


def peak_memory(pid: int) -> int | None:
    """The most resident memory that a living process ever had, in bytes; None when it is gone or there is no /proc."""
    try:
        peak = re.search(r"^VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    except OSError:
        return None
    return int(peak[1]) * 1024 if peak else None


def cpu_seconds(pid: int) -> float | None:
    """Processor time that a living process has used so far; None when it is gone or there is no /proc."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
