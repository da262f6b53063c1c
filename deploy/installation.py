"""Which system a command is for: the one of --data, else of the environment, else the demo that runs here."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field

from deploy.local import announcement
from deploy.local.identity import Issuer, load_key
from shared.settings import Settings, from_environment

SERVERS = ("KAFKA_BOOTSTRAP_SERVERS", "MONGO_URL")


class CallError(Exception):
    """A command cannot be carried out as it was called; the message is what to print. The command line exits with 2."""


class Servers(Settings):
    """What it takes to look into a system's queues: where its servers are, and none of its secrets."""

    kafka_bootstrap_servers: str = Field(pattern=r"^[^,\s]+:\d+(,[^,\s]+:\d+)*$")
    master_key: bytes = Field(default=b"", validate_default=False)
    oidc_issuer: str = ""


def servers(data: str | None) -> Settings:
    """Of --data, else of the environment if that names a server, else of the demo that runs here; raises CallError."""
    if data is None and any(os.environ.get(name) for name in SERVERS):
        return from_environment(Servers)
    folder = data_folder(data, f"set {' and '.join(SERVERS)}")
    return Servers.model_validate({name.lower(): text for name, text in _running(folder).items()})


def data_folder(data: str | None, otherwise: str | None = None) -> Path:
    """The data folder named, else that of the newest demo that runs here.

    Raises CallError, which tells what can be done: to start a demo, to name its folder, or what `otherwise` says.
    """
    folder = Path(data) if data else announcement.newest(Path(tempfile.gettempdir()))
    if folder is None:
        ways = ["start one by `make demo`", "name its folder by --data if it runs with KEEP"]
        raise CallError(f"No demo is up here: {', or '.join([*ways, otherwise] if otherwise else ways)}")
    if not (folder / "gateway-port").exists():
        raise CallError(f"{folder} is not the data folder of a demo: no file gateway-port is in it")
    return folder


def gateway(folder: Path) -> str:
    """The URL of the demo that runs with this data folder; raises CallError when none does."""
    _running(folder)
    return _url(folder)


def issuer(data: str | None, otherwise: str | None = None) -> Issuer:
    """The local identity provider; it signs whether or not the system runs.

    Of --data, else of the environment if that names its key (IDENTITY_KEY), else of the demo that runs here; raises
    CallError as `data_folder` does, and when the key is no file or OIDC_ISSUER is not set.
    """
    if data is None and (key := os.environ.get("IDENTITY_KEY")):
        url = os.environ.get("OIDC_ISSUER")
        if not url or not Path(key).is_file():  # load_key would make a new one, which nobody believes
            raise CallError(f"To sign tokens, IDENTITY_KEY ({key}) must be a file, and OIDC_ISSUER be set ({url})")
        return Issuer(load_key(Path(key)), url, os.environ.get("OIDC_AUDIENCE", "bilet"))
    folder = data_folder(data, otherwise)
    return Issuer(load_key(folder / "identity-key.json"), f"{_url(folder)}/issuer")


def _url(folder: Path) -> str:
    return f"http://127.0.0.1:{(folder / 'gateway-port').read_text().strip()}"


def _running(folder: Path) -> Mapping[str, str]:
    settings = announcement.settings_in(folder)
    if settings is None:
        raise CallError(f"The demo of {folder} does not run now: start it by `make demo KEEP={folder}`")
    return settings
