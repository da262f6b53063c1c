"""The parts that commands share: how one is added, its options, and what a wrong word of each is told."""

import argparse
import math
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from shared.contracts.topics import GROUPS
from shared.identity.grants import Role, grant_of

Verbs = Any
"""The list that commands are added to, as argparse makes it."""
Run = Callable[[argparse.Namespace], Awaitable[int]]

SCENARIOS = Path(__file__).parents[1] / "scenarios"
OPERATOR: Role = "regional-operator"
NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
"""A label of DNS (RFC 1123), as Kubernetes has it."""


class Form(argparse.RawDescriptionHelpFormatter):
    """Texts of help are laid out already."""


def _word(complaint: str, fits: Callable[[str], bool]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not fits(text):
            raise argparse.ArgumentTypeError(f"{text!r} is {complaint}")
        return text

    return read


def _number(form: str, fits: Callable[[float], bool], kind: Callable[[float], float] = float) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not math.isfinite(number) or not fits(number):
            raise argparse.ArgumentTypeError(f"{text!r} is not {form}")
        return kind(number)

    return read


def _is_url(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in ("http", "https") and bool(parts.netloc)


url = _word("no URL; for instance http://127.0.0.1:8080", _is_url)
region = _word("no region's code; for instance RU-ROS", lambda text: not isinstance(grant_of(OPERATOR, text), str))
"""One in which the role of its operator can be held."""
namespace = _word(
    "no namespace: small letters, digits and hyphens, at most 63", lambda text: bool(NAMESPACE.fullmatch(text))
)
scale = _number("a number above 0, at most 100", lambda number: 0 < number <= 100)
seconds = _number("a number of seconds", lambda number: number >= 0)
port = _number("a port from 1 to 65535", lambda number: number in range(1, 65536), int)
seed = _number("a whole number", float.is_integer, int)
days = _number("a whole number of days, at most 36,500", lambda number: number in range(36_501), int)
limit = _number("a whole number from 1 to 1,000,000", lambda number: number in range(1, 1_000_001), int)


def scenario(text: str) -> Path:
    """The folder of a name: one that is there, or one of those that come along."""
    return Path(text) if Path(text).exists() or not (SCENARIOS / text).exists() else SCENARIOS / text


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
        """The demo that is meant."""
        self.option("--data", "data folder of the demo that is meant", "FOLDER")

    def scenario(self) -> None:
        """The season that is played."""
        words = "rostov-2020 (the default), season-with-corrections, or a folder of your own"
        self.option("--scenario", words, "FOLDER", type=scenario, default=SCENARIOS / "rostov-2020")
        self.option("--scale", "play a part of the scenario, for instance 0.1", type=scale, default=1.0)
        self.option("--seed", "of everything that is made up; default 2020", type=seed, default=2020)
