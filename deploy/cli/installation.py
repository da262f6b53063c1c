"""The system that a command is for: the one of --data, else of the environment, else the demo that runs here."""

import os
import shlex
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import Field

from deploy.cli import run_file
from deploy.cli.run_file import About
from deploy.cli.version import ROOT
from deploy.sidecars.issuer import Issuer, load_key
from deploy.simulator.command import Token
from shared.base.settings import Settings, from_environment

SERVERS = ("KAFKA_BOOTSTRAP_SERVERS", "MONGO_URL")
BY_ENVIRONMENT = f"set {' and '.join(SERVERS)}"
TOKEN_SECONDS = 6 * 3600


class CallError(Exception):
    """A command cannot be carried out as it was called; the message is what to print. The command line exits with 2."""


class Servers(Settings):
    """The settings that it takes to look into a system's queues: its servers, and none of its secrets."""

    kafka_bootstrap_servers: str = Field(pattern=r"^[^,\s]+:\d+(,[^,\s]+:\d+)*$")
    master_key: bytes = Field(default=b"", validate_default=False)
    oidc_issuer: str = ""


def named_servers() -> bool:
    """Returns whether the environment names a server."""
    return any(os.environ.get(name) for name in SERVERS)


def servers(data: str | None, *, writes: bool = False) -> Settings:
    """Of --data, else of the environment if that names a server, else of the demo that runs here; raises CallError.

    A command that `writes` gets none where several demos run and none is named.
    """
    if data is None and named_servers():
        return from_environment(Servers)
    return servers_of(data_folder(data, BY_ENVIRONMENT, writes=writes))


def servers_of(folder: Path) -> Settings:
    """Of the demo that runs with this data folder; raises CallError when none does."""
    _must_be_a_demos(folder)
    settings = run_file.settings_in(folder)
    if settings is None:
        start = f"bilet demo --keep {shlex.quote(str(folder))}"
        raise CallError(f"The demo of {folder} does not run now: start it by `{start}`")
    return Servers.model_validate({name.lower(): text for name, text in settings.items()})


def data_folder(data: str | None, otherwise: str | None = None, *, writes: bool = False) -> Path:
    """The data folder named, else that of a demo that runs here: of this code's own, else of the newest; and says so.

    Raises CallError, which tells what can be done: to start a demo, to name its folder, or what `otherwise` says; also
    for a command that `writes` where several run and none is named.
    """
    running = [Path(data)] if data else demos()
    if not running:
        raise CallError(nothing_up(otherwise))
    if writes and len(running) > 1:
        listed = "".join(f"\n  --data {shlex.quote(str(folder))}  at {_url(folder)}" for folder in running)
        raise CallError(
            f"{len(running)} demos run here, and this command writes: name the one that is meant by{listed}"
        )
    _must_be_a_demos(running[0])
    _say(running[0])
    return running[0]


def demos() -> Sequence[Path]:
    """The data folders of the demos that run here: of this code's own first, of each kind the newest first."""
    found = run_file.running(Path(tempfile.gettempdir()))
    return sorted(found, key=lambda folder: run_file.about(folder).checkout != str(ROOT))


def at(url: str | None) -> str | None:
    """The data folder of the demo whose gateway this is; None where it is none of this machine's."""
    return next((str(folder) for folder in demos() if url and _url(folder) == url.rstrip("/")), None)


def about(folder: Path) -> About:
    """The word of the demo that runs with this data folder on itself; raises CallError when none does."""
    servers_of(folder)
    return replace(run_file.about(folder), url=_url(folder))


def issuer(data: str | None, otherwise: str | None = None, *, writes: bool = False) -> Issuer:
    """The local identity provider; it signs whether or not the system runs.

    Of --data, else of the environment if that names its key (IDENTITY_KEY), else of the demo that runs here; raises
    CallError as `data_folder` does, and when the key is no file or OIDC_ISSUER is not set.
    """
    if data is None and (key := os.environ.get("IDENTITY_KEY")):
        url = os.environ.get("OIDC_ISSUER")
        if not url or not Path(key).is_file():  # load_key would make a new one, which nobody believes
            raise CallError(f"To sign tokens, IDENTITY_KEY ({key}) must be a file, and OIDC_ISSUER be set ({url})")
        return Issuer(load_key(Path(key)), url, os.environ.get("OIDC_AUDIENCE", "bilet"))
    return issuer_of(data_folder(data, otherwise, writes=writes))


def issuer_of(folder: Path) -> Issuer:
    """The identity provider of this data folder."""
    return Issuer(load_key(folder / "identity-key.json"), f"{_url(folder)}/issuer")


def signing(issuer: Issuer) -> Token:
    """Tokens for whoever acts in a play, longer than it lasts."""

    def token(subject: str, grants: Sequence[Mapping[str, Any]]) -> str:
        return issuer.token(subject, grants, time.time(), TOKEN_SECONDS)

    return token


def nothing_up(otherwise: str | None = None) -> str:
    """Says that no demo runs here, and what can be done about it."""
    ways = ["start one by `make demo` or `bilet demo`", "name the system by --data FOLDER"]
    return f"No demo is up here: {', or '.join([*ways, otherwise] if otherwise else ways)}"


def _must_be_a_demos(folder: Path) -> None:
    if not (folder / "gateway-port").exists():
        raise CallError(f"{folder} is not the data folder of a demo: no file gateway-port is in it")


@cache
def _say(folder: Path) -> None:
    """Once a command: whom it speaks to, where its output does not stand."""
    print(f"The demo of {folder} at {_url(folder)}", file=sys.stderr, flush=True)


def _url(folder: Path) -> str:
    return f"http://127.0.0.1:{(folder / 'gateway-port').read_text().strip()}"
