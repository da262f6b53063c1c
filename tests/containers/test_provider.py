"""Containers that a test run starts are gone after it, however it ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.containers import MONGO_IMAGE
from tests.containers.engine import docker, needs

pytestmark = [needs([os.environ.get("BILET_MONGO_IMAGE", MONGO_IMAGE)]), pytest.mark.timeout(180)]

GONE_SECONDS = 30
PARENT = """
import asyncio, os, signal, sys
from deploy.local import containers

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job is started with it ignored

async def main():
    async with containers.replica_set(None, os.environ) as mongodb:
        print("ready", mongodb.address, flush=True)
        if sys.argv[1] == "fail":
            raise RuntimeError("on purpose")
        await asyncio.Event().wait()

asyncio.run(main())
"""


def containers() -> set[str]:
    return set(docker("ps", "--all", "--quiet", "--no-trunc", "--filter", "name=^/bilet-mongodb-").split())


def volumes() -> set[str]:
    return set(docker("volume", "ls", "--quiet").split())


@pytest.fixture
def parents() -> Iterator[list[subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []
    yield started
    for parent in started:
        parent.kill()
        parent.communicate()


def start(parents: list[subprocess.Popen[str]], how: str) -> subprocess.Popen[str]:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, how],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    parents.append(parent)
    assert parent.stdout is not None
    assert parent.stdout.readline().startswith("ready mongodb://")
    return parent


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_signal_leaves_no_container(parents: list[subprocess.Popen[str]], end: signal.Signals) -> None:
    others, kept = containers(), volumes()
    parent = start(parents, "wait")
    assert containers() - others
    parent.send_signal(end)
    parent.wait(GONE_SECONDS)
    _gone(others, kept)


def test_an_error_leaves_no_container(parents: list[subprocess.Popen[str]]) -> None:
    others, kept = containers(), volumes()
    assert start(parents, "fail").wait(GONE_SECONDS) == 1
    _gone(others, kept)


def _gone(others: set[str], kept: set[str]) -> None:
    deadline = time.monotonic() + GONE_SECONDS
    while (containers() - others or volumes() - kept) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert (containers() - others, volumes() - kept) == (set(), set())
