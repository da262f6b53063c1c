"""A demo of the release before with KEEP, its season played: this release goes on with its folder."""

import asyncio
import os
import re
import signal
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.drivers.region_reader import read, same_as_before

ROOT = Path(__file__).parents[2]
BEFORE = ROOT / ".cache" / "before"
"""What `make upgrade-test` makes."""
SCALE = os.environ.get("SCALE", "0.1")
REGION, SEASON = "RU-ROS", "2020"
UP = re.compile(r"^Stays up until Ctrl-C: (http://[^/]+)", re.MULTILINE)
UP_SECONDS, DOWN_SECONDS = 600.0, 60.0

pytestmark = pytest.mark.skipif(not (BEFORE / ".venv/installed").exists(), reason="not made: `make upgrade-test` does")


@pytest.mark.timeout(2_400)
async def test_a_kept_season_goes_on_with_the_figures_the_feed_and_the_cursors_of_before(tmp_path: Path) -> None:
    async with _demo(BEFORE, tmp_path) as http:
        kept = await read(http, REGION, SEASON)
    for tree, which in ((ROOT, "this release"), (BEFORE, "back")):
        async with _demo(tree, tmp_path) as http:
            kept = await same_as_before(http, kept, REGION, SEASON, which)


@asynccontextmanager
async def _demo(tree: Path, keep: Path) -> AsyncIterator[aiohttp.ClientSession]:
    """A demo of a checkout with its folder, once it has played and every figure is right; asked by an operator."""
    command = (str(tree / ".venv/bin/python"), "-m", "deploy.cli", "demo", "--keep", str(keep), "--scale", SCALE)
    child = await asyncio.create_subprocess_exec(*command, cwd=tree, stdout=PIPE, stderr=STDOUT)
    try:
        said = await _said(child)
        assert not [words for words in ("DIFFERS", "Something still waits") if words in said], said
        token = await _token(tree, keep)
        timeout = aiohttp.ClientTimeout(total=60)
        headers = {"Authorization": f"Bearer {token}"}
        async with aiohttp.ClientSession(UP.findall(said)[0], headers=headers, timeout=timeout) as http:
            yield http
    finally:
        if child.returncode is None:
            child.send_signal(signal.SIGINT)
        async with asyncio.timeout(DOWN_SECONDS):
            await child.communicate()


async def _said(child: asyncio.subprocess.Process) -> str:
    """All lines until it stays up."""
    assert child.stdout is not None
    lines: list[str] = []
    async with asyncio.timeout(UP_SECONDS):
        async for line in child.stdout:
            lines.append(line.decode())
            if UP.match(lines[-1]):
                return "".join(lines)
    raise AssertionError("".join(lines))


async def _token(tree: Path, keep: Path) -> str:
    command = ("-m", "deploy.cli", "token", "--data", str(keep), "--grant", f"regional-operator:{REGION}")
    child = await asyncio.create_subprocess_exec(str(tree / ".venv/bin/python"), *command, cwd=tree, stdout=PIPE)
    said, _ = await child.communicate()
    assert child.returncode == 0
    return said.decode().strip()
