"""`bilet demo`: the whole system on this machine plays a season."""

import argparse
from pathlib import Path

from deploy.cli.options import Verb, Verbs, port
from deploy.cli.simulate import local_packages


def add(verbs: Verbs) -> None:
    """Adds the command."""
    demo = Verb(verbs, "demo", run, "start everything here and play a season, as `make demo` does")
    demo.scenario()
    demo.option("--keep", "data survives in this folder, for the same scenario and scale", "FOLDER", type=Path)
    demo.option("--port", "of the gateway; default 8080, or a free one when that is busy", type=port)
    demo.flag("--exit", "stop after the report; 1 if a figure differs")


async def run(options: argparse.Namespace) -> int:
    """1 if a figure differs, or something still waits."""
    with local_packages():
        from rich.console import Console

        from deploy.cli import whole_demo

    words = {name: getattr(options, name) for name in ("scenario", "scale", "seed", "keep", "port", "exit")}
    return await whole_demo.demo(whole_demo.Play(**words), Console())
