"""What each command of `bilet` does; the exit code is the answer."""

import argparse
import asyncio
import json
import os
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from rich.console import Console

from deploy.dead_letters import dead_letters
from deploy.demo import Play
from deploy.demo import demo as play_demo
from deploy.local.identity import Issuer, load_key
from deploy.local.server import StackError
from deploy.migrate import migrate
from deploy.simulator.folder import load
from deploy.simulator.report import print_report
from deploy.simulator.simulation import Options, simulate
from shared.contracts.topics import GROUPS
from shared.lag import Backlog, backlog
from shared.settings import Settings, from_environment

SCENARIOS = Path(__file__).parent / "scenarios"


async def migrate_all(_: argparse.Namespace) -> int:
    """`bilet migrate`"""
    await migrate(from_environment(Settings))
    return 0


async def lag(options: argparse.Namespace) -> int:
    """`bilet lag`: 0 when nothing waits, 1 otherwise."""
    settings = from_environment(Settings)
    deadline = time.monotonic() + options.wait
    while (waiting := await backlog(settings)).total and time.monotonic() < deadline:
        await asyncio.sleep(0.5)
    _print_backlog(waiting)
    return 1 if waiting.total else 0


def _print_backlog(waiting: Backlog) -> None:
    for kind, counts in (("outbox", waiting.outboxes), ("group", waiting.lags), ("feed", waiting.unpublished)):
        for name, count in sorted(counts.items()):
            print(f"{kind:7} {name:32} {count:>9,}")


async def token(options: argparse.Namespace) -> int:
    """`bilet token`"""
    issuer = _issuer(options.data)
    print(issuer.token(options.subject, [_grant(text) for text in options.grant], time.time()))
    return 0


def _grant(text: str) -> Mapping[str, str]:
    role, _, org = text.partition(":")
    return {"role": role, "org": org} if org else {"role": role}


def _issuer(data: str | None) -> Issuer:
    """The local provider: the key in a data folder, and the issuer's URL by the gateway's port beside it."""
    folder = Path(data) if data else _running_demo()
    port = (folder / "gateway-port").read_text().strip()
    url = os.environ.get("OIDC_ISSUER") or f"http://127.0.0.1:{port}/issuer"
    return Issuer(load_key(folder / "identity-key.json"), url)


def _running_demo() -> Path:
    """The newest data folder of a demo that runs without KEEP."""
    found = sorted(Path(tempfile.gettempdir()).glob("bilet-*/identity-key.json"), key=lambda p: p.stat().st_mtime)
    if not found:
        raise StackError("no demo runs here; give its data folder by --data")
    return found[-1].parent


async def demo(options: argparse.Namespace) -> int:
    """`bilet demo`"""
    play = Play(
        scenario=Path(options.scenario or SCENARIOS / "rostov-2020"),
        scale=options.scale,
        seed=options.seed,
        keep=Path(options.keep) if options.keep else None,
        port=options.port,
        exit=options.exit,
    )
    return await play_demo(play, Console())


async def simulate_remote(options: argparse.Namespace) -> int:
    """`bilet simulate`: 1 if a figure differs."""
    scenario = load(Path(options.scenario or SCENARIOS / "rostov-2020"))
    if options.scale != 1:
        scenario = scenario.scaled(options.scale)
    issuer, console = _issuer(options.data), Console()

    def signed(subject: str, grants: Sequence[Mapping[str, Any]]) -> str:
        return issuer.token(subject, grants, time.time(), 6 * 3600)

    result = await simulate(
        scenario, options.url, signed, lambda: datetime.now(UTC), console, Options(seed=options.seed)
    )
    print_report(result, console)
    return 0 if result.right else 1


async def letters(options: argparse.Namespace) -> int:
    """`bilet dlq list`"""
    settings = from_environment(Settings)
    for group in [options.group] if options.group else sorted(GROUPS):
        async for letter in dead_letters(settings, group):
            print(f"{group}  {letter.position}  {len(letter.value or b''):>6} bytes  {letter.reason}")
    return 0


async def tail(options: argparse.Namespace) -> int:
    """`bilet feed tail`: one JSON event a line, until Ctrl-C."""
    after, url = options.after, f"{options.url.rstrip('/')}/analytics/regions/{options.region}/feed"
    headers = {"Authorization": f"Bearer {options.token}"}
    async with aiohttp.ClientSession(headers=headers) as http:
        while True:
            async with http.get(url, params={"after": after, "limit": "1000", "wait": "20"}) as answer:
                page = await answer.json(content_type=None)
            if answer.status != 200:
                raise StackError(f"{answer.status}: {page.get('detail', page)}")
            for event in page["events"]:
                print(json.dumps(event, ensure_ascii=False))
            after = page["next"]
