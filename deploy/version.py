"""Which code this is: the product's version, and the commit of a checkout."""

import subprocess
from pathlib import Path

from shared import VERSION

ROOT = Path(__file__).parents[1]
GIT_SECONDS = 5


def version() -> str:
    """The version, with the commit where this is a checkout with git: `0.1.0+c0cb0f8`."""
    commit = _commit() if (ROOT / ".git").exists() else ""
    return f"{VERSION}+{commit}" if commit else VERSION


def _commit() -> str:
    """Of the checkout, marked where something was changed since; empty where git does not say."""
    ask = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude=*"]
    try:
        return subprocess.run(ask, capture_output=True, text=True, timeout=GIT_SECONDS, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
