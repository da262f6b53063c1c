"""What several commands share: how a command is added, its options, and what a wrong word of each is told."""

import argparse
import math
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from shared.contracts.topics import GROUPS
from shared.identity.grants import grant_of

Verbs = Any
"""What commands are added to, as argparse makes it."""
Run = Callable[[argparse.Namespace], Awaitable[int]]

ROSTOV = Path(__file__).parents[1] / "scenarios" / "rostov-2020"
LONGEST_DAYS = 36_500
NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
"""A label of DNS (RFC 1123), as Kubernetes has it."""


class Form(argparse.RawDescriptionHelpFormatter):
    """Texts of help are laid out already."""


class Verb:
    """A command that is being added: `run` carries it out, `text` stands in the list, `more` in its own help."""

    def __init__(self, verbs: Verbs, name: str, run: Run, text: str, more: str = "") -> None:
        about = more or f"{text[0].upper()}{text[1:]}"
        self.parser: argparse.ArgumentParser = verbs.add_parser(
            name, help=text, description=about, formatter_class=Form
        )
        self.parser.set_defaults(run=run)

    def option(self, name: str, help: str, metavar: str | None = None, **more: Any) -> None:
        """An option, or a word that is required."""
        self.parser.add_argument(name, help=help, metavar=metavar, **more)

    def flag(self, name: str, help: str) -> None:
        """An option without a value."""
        self.parser.add_argument(name, action="store_true", help=help)

    def group(self, name: str) -> None:
        """A consumer group."""
        self.option(name, f"one of {', '.join(sorted(GROUPS))}", "GROUP", choices=sorted(GROUPS))

    def data(self) -> None:
        """Which demo is meant."""
        self.option("--data", "data folder of the demo that is meant", "FOLDER")

    def scenario(self) -> None:
        """What is played."""
        self.option("--scenario", "default: rostov-2020", "FOLDER", type=Path, default=ROSTOV)
        self.option("--scale", "play a part of the scenario, for instance 0.1", type=scale, default=1.0)
        self.option("--seed", "of everything that is made up; default 2020", type=seed, default=2020)


def url(text: str) -> str:
    """Of a gateway."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise argparse.ArgumentTypeError(f"{text!r} is no URL; for instance http://127.0.0.1:8080")
    return text


def region(text: str) -> str:
    """A region's code: one in which the role of its operator can be held."""
    if isinstance(grant_of("regional-operator", text), str):
        raise argparse.ArgumentTypeError(f"{text!r} is no region's code; for instance RU-ROS")
    return text


def namespace(text: str) -> str:
    """The name of a namespace in Kubernetes."""
    if not NAMESPACE.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no namespace: small letters, digits and hyphens, at most 63")
    return text


def scale(text: str) -> float:
    """A part of a scenario, or a multiple."""
    return _number(text, lambda number: 0 < number <= 100, "a number above 0, at most 100")


def seconds(text: str) -> float:
    """A time to wait."""
    return _number(text, lambda number: number >= 0, "a number of seconds")


def port(text: str) -> int:
    """Of TCP."""
    return int(_number(text, lambda number: number in range(1, 65536), "a port from 1 to 65535"))


def seed(text: str) -> int:
    """Of made-up names and numbers."""
    return int(_number(text, lambda number: number == int(number), "a whole number"))


def days(text: str) -> int:
    """How far back to look."""
    form = f"a whole number of days, at most {LONGEST_DAYS:,}"
    return int(_number(text, lambda number: number in range(LONGEST_DAYS + 1), form))


def limit(text: str) -> int:
    """How many to show."""
    return int(_number(text, lambda number: number in range(1, 1_000_001), "a whole number from 1 to 1,000,000"))


def _number(text: str, fits: Callable[[float], bool], form: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or not fits(number):
        raise argparse.ArgumentTypeError(f"{text!r} is not {form}")
    return number
