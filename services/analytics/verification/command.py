"""The command that verifies, whoever starts it: its options, its progress and its exit code."""

import argparse
import sys

from services.analytics.verification.logs import Pace
from services.analytics.verification.verify import verify
from shared.base.settings import Settings

TEXT = """\
Counts every figure of analytics again, from the first record of the owners' topics up to the position of the live
figures, by code that shares nothing with the fold, and compares every cell. Records that have had no effect are left
out by name. What arrives meanwhile changes nothing; progress goes to standard error. Exit code 0 where every cell is
equal, 1 where one differs."""
RATE = "read at most so many records a second; default: as fast as it goes"
JSON = "the whole outcome as one line of JSON, for scripts"


async def run(settings: Settings, rate: int | None, *, json: bool) -> int:
    """Verifies, and prints the outcome; 1 where a cell differs."""
    verdict = await verify(settings, Pace(_say, rate))
    for line in [verdict.as_json()] if json else verdict.lines():
        print(line)
    return 0 if verdict.is_proven else 1


def options(words: list[str]) -> argparse.Namespace:
    """Returns the options of the command's own process."""
    parser = argparse.ArgumentParser(prog="verification", description=TEXT)
    parser.add_argument("--rate", type=int, metavar="N", help=RATE)
    parser.add_argument("--json", action="store_true", help=JSON)
    return parser.parse_args(words)


def _say(progress: str) -> None:
    print(progress, file=sys.stderr, flush=True)
