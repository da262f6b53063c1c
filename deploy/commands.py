"""What each command of `bilet` does; the exit code is the answer."""

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import aiohttp

from deploy import installation, page
from deploy import status as systems
from deploy.answering import answering, once_there, within
from deploy.feed import Feed
from deploy.feed_tail import Tail, standard_error
from deploy.installation import CallError, Servers, signing
from deploy.migrate import migrate
from deploy.secrets import manifest
from shared.base.settings import Settings, from_environment
from shared.messaging.lag import Backlog, backlog, faults

ANSWER_SECONDS = 60.0
LAG_ROW = "{:<9} {:<28} {:>12}"


async def migrate_all(options: argparse.Namespace) -> int:
    """`bilet migrate`"""
    settings = from_environment(Servers)
    await once_there(lambda: migrate(settings), options.wait)
    return 0


async def secrets(options: argparse.Namespace) -> int:
    """`bilet secrets`"""
    print(json.dumps(manifest(options.namespace), indent=2))
    return 0


async def lag(options: argparse.Namespace) -> int:
    """`bilet lag`: 0 when nothing waits, 1 otherwise."""
    settings = installation.servers(options.data)
    return await (_lag_again(settings, options.every) if options.every else _lag_once(settings, options))


async def _lag_again(settings: Settings, seconds: float) -> NoReturn:
    """A line of JSON every so many seconds, until cancelled."""
    while True:
        print(json.dumps(_counted(await _backlog(settings))), flush=True)
        await asyncio.sleep(seconds)


async def _lag_once(settings: Settings, options: argparse.Namespace) -> int:
    """A table or JSON as soon as nothing waits, at the latest when the time to wait is over."""
    deadline = time.monotonic() + options.wait
    while (waiting := await _backlog(settings)).total and time.monotonic() < deadline:
        await asyncio.sleep(0.5)
    wrong = await within(ANSWER_SECONDS, faults(settings), "Kafka or MongoDB")
    if options.json:
        print(json.dumps({**_counted(waiting), "total": waiting.total, "faults": wrong}))
    else:
        _print_backlog(waiting)
        print("".join(f"\n{sentence}." for sentence in wrong), end="\n" if wrong else "")
    return 1 if waiting.total or wrong else 0


async def _backlog(settings: Settings) -> Backlog:
    return await within(ANSWER_SECONDS, backlog(settings), "Kafka or MongoDB")


def _counted(waiting: Backlog) -> dict[str, Mapping[str, int]]:
    return {"outboxes": waiting.outboxes, "groups": waiting.lags, "feeds": waiting.unpublished}


def _print_backlog(waiting: Backlog) -> None:
    print(LAG_ROW.format("waits in", "of", "records"))
    for kind, counts in (("outbox", waiting.outboxes), ("group", waiting.lags), ("feed", waiting.unpublished)):
        for name, count in sorted(counts.items()):
            print(LAG_ROW.format(kind, name, f"{count:,}"))
    print(LAG_ROW.format("total", "", f"{waiting.total:,}"))


async def token(options: argparse.Namespace) -> int:
    """`bilet token`"""
    issuer = installation.issuer(options.data)
    if not options.grant:
        print("No --grant is given: the token says who, and opens nothing", file=sys.stderr)
    print(issuer.token(options.subject, options.grant, time.time()))
    return 0


async def status(options: argparse.Namespace) -> int:
    """`bilet status`: 0 when all is ready, 1 when a part is not, 2 when nothing runs."""
    if options.data is None and any(os.environ.get(name) for name in installation.SERVERS):
        found = [await systems.of_servers(installation.servers(None))]
    else:
        folders = [Path(options.data)] if options.data else installation.demos()
        found = [await systems.of_demo(folder) for folder in folders]
    if options.json:
        print(json.dumps({"systems": [systems.document(each) for each in found]}, ensure_ascii=False))
    elif found:
        print("\n\n".join("\n".join(systems.shown(each)) for each in found))
    else:
        print(installation.nothing_up(installation.BY_ENVIRONMENT), file=sys.stderr)
    return 2 if not found else 0 if all(each.well for each in found) else 1


async def open_page(options: argparse.Namespace) -> int:
    """`bilet open`"""
    folder = installation.data_folder(options.data)
    url, grant = installation.gateway(folder), page.grant(options.role, options.region)
    season = options.season or page.season_of(folder, options.region)
    token = signing(installation.issuer_of(folder))(grant["role"], [grant])
    print(address := page.address(url, options.region, season, token), flush=True)
    page.opened(address)
    return 0


async def demo(options: argparse.Namespace) -> int:
    """`bilet demo`"""
    with _local():
        from rich.console import Console

        from deploy.demo import Play
        from deploy.demo import demo as play_demo

    play = Play(
        scenario=options.scenario,
        scale=options.scale,
        seed=options.seed,
        keep=Path(options.keep) if options.keep else None,
        port=options.port,
        exit=options.exit,
    )
    return await play_demo(play, Console())


async def simulate(options: argparse.Namespace) -> int:
    """`bilet simulate`: 1 if a figure differs."""
    with _local():
        from rich.console import Console

        from deploy.play import play_season, scenario_of
        from deploy.simulator.report import print_report, summary

    scenario, console = scenario_of(options.scenario, options.scale, options.region), Console(stderr=options.json)
    data = options.data or installation.at(options.url)
    sign = signing(installation.issuer(data, writes=True))
    folder = None if options.url else installation.data_folder(data, writes=True)
    url = options.url if folder is None else installation.gateway(folder)
    if options.wait:
        await answering(url, options.wait)
    result = await play_season(scenario, url, sign, console, options.seed, folder)
    if options.json:
        print(json.dumps(summary(result), ensure_ascii=False))
    else:
        print_report(result, console)
    return 0 if result.right else 1


@contextmanager
def _local() -> Iterator[None]:
    """Imports what an installation for more than looking has; raises CallError, which says how to get it."""
    try:
        yield
    except ModuleNotFoundError as missing:
        raise CallError(
            f"The package {missing.name} is missing here: in a checkout of Bilet, pip install '.[local]'"
        ) from None


async def tail(options: argparse.Namespace) -> int:
    """`bilet feed tail`: 0 at the end."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as http:
        feed = _feed(options, http)
        await Tail(feed, options.after, sys.stdout.buffer, standard_error).run(until_end=options.until_end)
    return 0


def _feed(options: argparse.Namespace, http: aiohttp.ClientSession) -> Feed:
    """The feed at --url with --token; the running demo gives what is missing."""
    if options.url and options.token:
        return Feed(http, options.url, options.region, lambda: str(options.token))
    otherwise = "give --url and --token"
    sign = signing(installation.issuer(options.data, otherwise))
    grants = [{"role": "regional-operator", "org": options.region}]
    url = options.url or installation.gateway(installation.data_folder(options.data, otherwise))
    return Feed(http, url, options.region, lambda: options.token or sign("operator", grants))
