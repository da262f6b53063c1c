"""The Docker engine of these tests, by its own command line, and a project of compose.yaml that is a test's own."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from typing import Any

import pytest

from shared.contracts.topics import SERVICES

IMAGES = (*SERVICES, "gateway", "simulator")


def docker(*words: str, check: bool = True) -> str:
    """What the command says, on either stream."""
    return subprocess.run(
        ["docker", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=check, timeout=120
    ).stdout.strip()


def inspected(thing: str) -> Any:
    """What the engine knows of an image or a container."""
    return json.loads(docker("inspect", thing))[0]


def needs(images: Sequence[str]) -> pytest.MarkDecorator:
    """Skips with the reason where no engine answers or an image has not been built."""
    reason = _why_not(images)
    return pytest.mark.skipif(reason is not None, reason=reason or "")


def _why_not(images: Sequence[str]) -> str | None:
    if shutil.which("docker") is None:
        return "there is no docker in PATH"
    if subprocess.run(["docker", "version"], capture_output=True, check=False).returncode != 0:
        return "no Docker engine answers"
    missing = [image for image in images if not docker("image", "ls", "--quiet", image)]
    return f"not built, see `make images stand-ins`: {', '.join(missing)}" if missing else None


def named(target: str) -> str:
    """The image of a target, in the version that the environment names as for compose.yaml."""
    return f"bilet/{target}:{os.environ.get('TAG', 'dev')}"


def stop(container: str) -> tuple[int, float]:
    """Exit code after `docker stop`, and how many seconds it took."""
    began = time.monotonic()
    docker("stop", "--time", "30", container)
    return inspected(container)["State"]["ExitCode"], time.monotonic() - began
