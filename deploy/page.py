"""The address of a region's page with a token in it, for one who may look at the region."""

import os
import sys
import webbrowser
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

from deploy import installation
from deploy.installation import CallError
from shared.identity.grants import NATION, Role, grant_of

MUNICIPAL: Role = "municipal-operator"
VIEWERS: tuple[Role, ...] = ("regional-operator", MUNICIPAL, "national-operator")
GRAPHICAL = ("DISPLAY", "WAYLAND_DISPLAY")


def address(url: str, region: str, season: str, token: str) -> str:
    """The page of the gateway at `url`; the token is behind the `#`, which no browser sends."""
    return f"{url}/#{urlencode({'region': region, 'season': season, 'token': token})}"


def grant(viewer: str, region: str) -> Mapping[str, str]:
    """What `ROLE` or `ROLE:ORG` may see; the organisation is the region or the nation where none is said."""
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


def season_of(folder: Path, region: str) -> str:
    """The season that was played last in the region on the demo of this folder; raises CallError where none was."""
    about, note = installation.about(folder), folder / f"played-{region}"
    if about.region == region:
        return about.season
    if note.exists():
        return note.read_text().removeprefix("season ").split(" of ")[0]
    raise CallError(f"No season was played in {region} by `bilet`: name one by --season")


def opened(url: str) -> bool:
    """Shows a page in the browser of a graphical desktop; False where there is none, or nobody to look."""
    desktop = sys.platform == "darwin" or any(os.environ.get(name) for name in GRAPHICAL)
    return desktop and sys.stdout.isatty() and webbrowser.open(url)
