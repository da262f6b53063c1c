"""One play of a scenario against a running system, with a word about what an earlier play left there."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import aiohttp
from rich.console import Console

from deploy.cli.feed import refused
from deploy.cli.installation import CallError
from deploy.simulator.client import Client, Refused, Unavailable
from deploy.simulator.command import PlayError, Token
from deploy.simulator.feed import START, Feed
from deploy.simulator.folder import load
from deploy.simulator.scenario import PLACE_CODE, Scenario
from deploy.simulator.simulation import Options, Result, simulate

ANSWER_SECONDS = 30.0
ONLY_THE_SAME = (
    "Only the same can be played again; any other play needs pupils of its own (`bilet simulate --region CODE`), "
    "or a data folder of its own"
)


def scenario_of(folder: Path, scale: float, region: str | None = None) -> Scenario:
    """The folder's scenario, scaled, with the codes of another region if one is given; raises ScenarioError.

    That is the same season with other pupils: every code of a place begins with its region's.
    """
    scenario = load(folder)
    if scale != 1:
        scenario = scenario.scaled(scale)
    if not region:
        return scenario
    if not PLACE_CODE.fullmatch(region):
        raise CallError(f"--region {region}: a region's code has 2 to 32 letters, digits and hyphens")
    own = f"{scenario.region}-"
    places = tuple(replace(m, code=f"{region}-{m.code.removeprefix(own)}") for m in scenario.municipalities)
    return replace(scenario, region=region, municipalities=places)


async def play_season(
    scenario: Scenario, url: str, token: Token, console: Console, seed: int, data: Path | None
) -> Result:
    """Plays the scenario; what an earlier play of the same did already is only confirmed.

    `data` is the system's data folder, where plays are noted by region. Raises CallError before anything is sent: when
    another play was noted there, when the system does not answer or trust the tokens. Raises PlayError at a refusal.
    """
    before = await _events(scenario.region, url, token)
    if data:
        refuse_another(data, scenario, seed)
        _note(data, scenario).write_text(_words(scenario, seed))
    if before:
        console.print(f"{scenario.region} holds {before:,} events already; none is caused twice.", highlight=False)
    try:
        return await simulate(scenario, url, token, lambda: datetime.now(UTC), console, Options(seed=seed))
    except PlayError as error:
        if not before:
            raise
        raise PlayError(f"{error}\n{scenario.region} had been played in before. {ONLY_THE_SAME}") from None


def refuse_another(data: Path, scenario: Scenario, seed: int) -> None:
    """Raises CallError where another play was noted.

    It would be refused half-way, and what it had done by then would stay in the figures.
    """
    note, wanted = _note(data, scenario), _words(scenario, seed)
    noted = note.read_text() if note.exists() else wanted
    if noted != wanted:
        raise CallError(f"{scenario.region} has been played here: {noted}. Now wanted: {wanted}. {ONLY_THE_SAME}")


def _note(data: Path, scenario: Scenario) -> Path:
    return data / f"played-{scenario.region}"


def _words(scenario: Scenario, seed: int) -> str:
    shares = "".join(f", {share:g} {kind}" for kind, share in sorted(scenario.corrections.items()) if share)
    return f"season {scenario.season} of {scenario.registered:,} pupils{shares}, scale {scenario.scale:g}, seed {seed}"


async def _events(region: str, url: str, token: Token) -> int:
    """The number of events that the region's feed holds; 0 where there is none yet."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS)) as http:
        try:
            page = await Feed(Client(http, url, token, Random()), region).page(START, limit=1)
        except Unavailable as reason:
            raise CallError(f"{url} does not answer: {reason.told}") from None
        except PlayError as error:
            if isinstance(error, Refused) and error.slug == "feed-unknown":
                return 0
            raise refused(error) from None
    return int(page["watermark"])
