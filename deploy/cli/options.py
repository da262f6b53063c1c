"""The parts that commands share: how one is added, its options, and what a wrong word of each is told."""

import argparse
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError

from shared.identity.grants import Role, grant_of

Verbs = Any
"""The list that commands are added to, as argparse makes it."""
Run = Callable[[argparse.Namespace], Awaitable[int]]

SCENARIOS = Path(__file__).parents[1] / "scenarios"
OPERATOR: Role = "regional-operator"
LABEL = Annotated[str, Field(pattern="^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
"""Of DNS (RFC 1123), as Kubernetes has it."""


class Form(argparse.RawDescriptionHelpFormatter):
    """Texts of help are laid out already."""


def _form(form: Any, complaint: str) -> Callable[[str], Any]:
    """Reads a word of this form; of any other the complaint says what it is not."""
    adapter = TypeAdapter[Any](form)

    def read(text: str) -> Any:
        try:
            return adapter.validate_python(text)
        except ValidationError:
            raise argparse.ArgumentTypeError(f"{text!r} is {complaint}") from None

    return read


def _operated(text: str) -> str:
    """A code of a region in which the role of its operator can be held."""
    if isinstance(reason := grant_of(OPERATOR, text), str):
        raise ValueError(reason)
    return text


def _whole(least: int, most: int) -> Any:
    return Annotated[int, Field(ge=least, le=most)]


url = _form(Annotated[str, Field(pattern=r"^(?i:https?)://[^/?#\s]+")], "no URL; for instance http://127.0.0.1:8080")
region = _form(Annotated[str, AfterValidator(_operated)], "no region's code; for instance RU-ROS")
namespace = _form(LABEL, "no namespace: small letters, digits and hyphens, at most 63")
scale = _form(Annotated[float, Field(gt=0, le=100)], "not a number above 0, at most 100")
seconds = _form(Annotated[float, Field(ge=0, allow_inf_nan=False)], "not a number of seconds")
port = _form(_whole(1, 65_535), "not a port from 1 to 65535")
seed = _form(int, "not a whole number")
days = _form(_whole(0, 36_500), "not a whole number of days, at most 36,500")
limit = _form(_whole(1, 1_000_000), "not a whole number from 1 to 1,000,000")


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

    def data(self) -> None:
        """The demo that is meant."""
        self.option("--data", "data folder of the demo that is meant", "FOLDER")

    def scenario(self) -> None:
        """The season that is played."""
        words = "rostov-2020 (the default), season-with-corrections, or a folder of your own"
        self.option("--scenario", words, "FOLDER", type=scenario, default=SCENARIOS / "rostov-2020")
        self.option("--scale", "play a part of the scenario, for instance 0.1", type=scale, default=1.0)
        self.option("--seed", "of everything that is made up; default 2020", type=seed, default=2020)
