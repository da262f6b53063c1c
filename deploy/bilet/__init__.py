"""Bilet as an installed package: its parts lie below this one name, and `main` lets them find each other by theirs."""

import signal
import sys
from pathlib import Path

HERE = Path(__file__).parent
PARTS = HERE if (HERE / "shared").is_dir() else HERE.parents[1]
"""The folder of `shared`, `services` and `deploy`: this one, or the checkout's."""


def main() -> None:
    """The operator's command line."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # until the command listens, Ctrl-C ends it without a traceback
    sys.path.insert(0, str(PARTS))
    from deploy.cli.__main__ import main as command_line

    command_line()
