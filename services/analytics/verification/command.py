"""The command that verifies, whoever starts it: its options, its progress and its exit code."""

import argparse
import sys

from services.analytics.verification.logs import Pace
from services.analytics.verification.verify import verify
from services.analytics.verification.words import JSON, RATE, TEXT
from shared.base.settings import Settings


async def run(settings: Settings, rate: int | None, *, json: bool) -> int:
    """Verifies, and prints the outcome; 1 where a cell differs."""
    verdict = await verify(settings, Pace(_say, rate))
    for line in [verdict.as_json()] if json else verdict.lines():
        print(line)
    return 0 if verdict.is_proven else 1


def options(words: list[str]) -> argparse.Namespace:
    """Returns the options of the command's own process."""
    parser = argparse.ArgumentParser(prog="verification", description=TEXT)
    parser.add_argument("--rate", type=_rate, metavar="N", help=RATE)
    parser.add_argument("--json", action="store_true", help=JSON)
    return parser.parse_args(words)


def _rate(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def _say(progress: str) -> None:
    print(progress, file=sys.stderr, flush=True)
