"""The code that this is: the product's version, and the commit of a checkout."""

import subprocess
from pathlib import Path

from shared import VERSION

ROOT = Path(__file__).parents[2]
GIT_SECONDS = 5


def version() -> str:
    """The version, with the commit where this is a checkout with git: `0.1.0+c0cb0f8`, marked where it was changed."""
    if not (ROOT / ".git").exists():
        return VERSION
    ask = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude=*"]
    try:
        said = subprocess.run(ask, capture_output=True, text=True, timeout=GIT_SECONDS, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        said = ""
    return f"{VERSION}+{said}" if said else VERSION
