"""`bilet simulate`: plays a season through the HTTP API of a running system and compares every figure."""

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager

from deploy.cli import installation
from deploy.cli.installation import CallError
from deploy.cli.options import Verb, Verbs, seconds, url
from deploy.cli.readiness import answering

TEXT = """\
Plays a season through the HTTP API of a running demo and compares every figure. The same scenario with the same scale
and seed may be played again: it only confirms. Any other needs pupils of its own, under the code of another region.
For instance: bilet simulate --scale 0.02 --region RU-TST
Exit codes: 0 when every figure is right, 1 when one differs or the play is refused."""


def add(verbs: Verbs) -> None:
    """Adds the command."""
    simulate = Verb(verbs, "simulate", run, "play a season through a running demo's HTTP API", TEXT)
    simulate.scenario()
    simulate.option("--region", "play it in this region instead of the scenario's", "CODE")
    simulate.option("--url", "the gateway; default: the demo's", type=url)
    simulate.option("--wait", "for services that are starting", "SECONDS", type=seconds, default=0)
    simulate.flag("--json", "as one line of JSON, for scripts")
    simulate.data()


async def run(options: argparse.Namespace) -> int:
    """1 if a figure differs."""
    with local_packages():
        from rich.console import Console

        from deploy.cli.play import play_season, scenario_of
        from deploy.simulator.report import print_report, summary

    scenario, console = scenario_of(options.scenario, options.scale, options.region), Console(stderr=options.json)
    data = options.data or installation.at(options.url)
    sign = installation.signing(installation.issuer(data, writes=True))
    folder = None if options.url else installation.data_folder(data, writes=True)
    gateway = options.url if folder is None else installation.about(folder).url
    if options.wait:
        await answering(gateway, options.wait)
    result = await play_season(scenario, gateway, sign, console, options.seed, folder)
    if options.json:
        print(json.dumps(summary(result), ensure_ascii=False))
    else:
        print_report(result, console)
    return 0 if result.right else 1


@contextmanager
def local_packages() -> Iterator[None]:
    """Imports what an installation for more than looking has; raises CallError, which says how to get it."""
    try:
        yield
    except ModuleNotFoundError as missing:
        raise CallError(
            f"The package {missing.name} is missing here: in a checkout of Bilet, pip install '.[local]'"
        ) from None
