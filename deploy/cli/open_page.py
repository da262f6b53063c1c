"""`bilet open`: the address of a region's page with a token in it, for one who may look at the region."""

import argparse
import os
import sys
import webbrowser
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

from deploy.cli import installation
from deploy.cli.installation import CallError
from deploy.cli.options import Verb, Verbs, region
from shared.identity.grants import NATION, Role, grant_of

TEXT = """\
Prints the address of a region's page with a token in it, and shows it in the browser of a graphical desktop.
For instance: bilet open RU-ROS --role municipal-operator:RU-ROS-001"""
MUNICIPAL: Role = "municipal-operator"
VIEWERS: tuple[Role, ...] = ("regional-operator", MUNICIPAL, "national-operator")


def add(verbs: Verbs) -> None:
    """Adds the command."""
    page = Verb(verbs, "open", run, "the address of a region's page with a token in it", TEXT)
    page.option("region", "its code, for instance RU-ROS", "REGION", type=region)
    words = f"who looks: one of {', '.join(VIEWERS)}; default: {VIEWERS[0]}"
    page.option("--role", words, "ROLE[:ORG]", default=VIEWERS[0])
    page.option("--season", "default: the one that was played in the region", "CODE")
    page.data()


async def run(options: argparse.Namespace) -> int:
    """Prints the address, and shows it where there is a desktop and somebody to look."""
    folder = installation.data_folder(options.data)
    about, grant = installation.about(folder), _grant(options.role, options.region)
    season = options.season or _season(folder, about.season if about.region == options.region else "", options.region)
    token = installation.signing(installation.issuer_of(folder))(grant["role"], [grant])
    print(shown := address(about.url, options.region, season, token), flush=True)
    desktop = sys.platform == "darwin" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    if desktop and sys.stdout.isatty():
        webbrowser.open(shown)
    return 0


def address(url: str, region: str, season: str, token: str) -> str:
    """The page of the gateway at `url`; the token is behind the `#`, which no browser sends."""
    return f"{url}/#{urlencode({'region': region, 'season': season, 'token': token})}"


def _grant(viewer: str, region: str) -> Mapping[str, str]:
    """The grant of `ROLE` or `ROLE:ORG`; the organisation is the region or the nation where none is said."""
    name, _, org = viewer.partition(":")
    role = next((role for role in VIEWERS if role == name), None)
    if role is None:
        raise CallError(f"--role {name}: the page is for {', '.join(VIEWERS)}")
    if role == MUNICIPAL and not org:
        raise CallError(f"--role {role} of which municipality? For instance {role}:{region}-001")
    org = org or (NATION if role == VIEWERS[-1] else region)
    granted = grant_of(role, org)
    if isinstance(granted, str):
        raise CallError(f"--role {viewer}: {granted}")
    return {"role": role, "org": org}


def _season(folder: Path, own: str, region: str) -> str:
    """The season that was played last in the region: the demo's own, or of a later play."""
    note = folder / f"played-{region}"
    if not own and not note.exists():
        raise CallError(f"No season was played in {region} by `bilet`: name one by --season")
    return own or note.read_text().removeprefix("season ").split(" of ")[0]
