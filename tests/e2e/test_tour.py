"""The README's tour of the API, line by line, in one shell beside the whole system: it prints what stands there.

What is in `console` blocks is run by bash, what is in `pycon` blocks by doctest; `…` stands for what differs each time.
"""

import asyncio
import os
import re
import shlex
import shutil
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest_asyncio

from deploy.cli.installation import SERVERS
from deploy.local.system import ROOT, System
from tests.drivers.announced import announced_as
from tests.e2e.conftest import Client
from tests.e2e.season import world

BLOCK = re.compile(r"^```(console|pycon)\n(.*?)^```", re.MULTILINE | re.DOTALL)
END = "\x1e"
"""A character that no command prints."""
SECONDS = 60


@dataclass(frozen=True)
class Step:
    """A command of the tour, and what the README says that it prints."""

    command: str
    printed: str


def steps(block: str) -> list[Step]:
    """The commands of a console block: lines behind `$ `, gone on with behind `> `, each before what it prints."""
    found: list[Step] = []
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        first, *rest = part.splitlines()
        more = [line for line in rest if line.startswith("> ")]
        printed = rest[len(more) :]
        found.append(Step("\n".join([first, *(line[2:] for line in more)]), "\n".join(printed)))
    return found


def agrees(shown: str, printed: str) -> bool:
    """Whether a command has printed what is shown."""
    pattern = ".*".join(re.escape(part) for part in shown.split("…"))
    return re.fullmatch(pattern, printed.strip(), re.DOTALL) is not None


class Shell:
    """One bash, which is told a command at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def run(self, command: str) -> str:
        """What a command prints; it must succeed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        alone = f"{{ {command}\n}} </dev/null"  # what it starts reads none of the commands that come
        self._process.stdin.write(f"{alone}\nprintf '{END}%s\\n' $?\n".encode())
        async with asyncio.timeout(SECONDS):
            printed = (await self._process.stdout.readuntil(END.encode())).decode().removesuffix(END)
            code = (await self._process.stdout.readline()).decode().strip()
        assert code == "0", f"{command}\n{printed}"
        return printed


@asynccontextmanager
async def shell(folder: Path, environ: Mapping[str, str]) -> AsyncIterator[Shell]:
    """A shell in a folder, beside no `.venv`; `bilet` and `python` are those of the test."""
    programs = folder / "programs"
    programs.mkdir()
    for name, words in (("bilet", (sys.executable, "-m", "deploy.cli")), ("python", (sys.executable,))):
        (programs / name).write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
        (programs / name).chmod(0o755)
    bare = {name: value for name, value in os.environ.items() if name not in SERVERS}
    named = {"PATH": f"{programs}:{bare['PATH']}", "PYTHONPATH": str(ROOT), "TMPDIR": str(folder), **environ}
    pipe = asyncio.subprocess.PIPE
    bash = shutil.which("bash")
    assert bash is not None
    process = await asyncio.create_subprocess_exec(
        bash, stdin=pipe, stdout=pipe, cwd=folder, env={**bare, **named}, limit=2**24
    )
    try:
        yield Shell(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


@pytest_asyncio.fixture(loop_scope="session")
async def guide(running: System, client: Client, tmp_path: Path) -> AsyncIterator[Shell]:
    """The shell of who reads the README beside a demo whose season is open."""
    place = await world(client, closes="2099-12-31")
    environ = {"URL": running.url, "REGION": place.region, "SCHOOL": place.school, "SEASON": place.season}
    with announced_as(running, tmp_path / "bilet-demo", str(ROOT)):
        async with shell(tmp_path, environ) as bash:
            yield bash


async def test_each_line_prints_what_stands_below_it(guide: Shell, tmp_path: Path) -> None:
    blocks = BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    assert {kind for kind, _ in blocks} == {"console", "pycon"}
    tour = [step for kind, text in blocks if kind == "console" for step in steps(text)]
    assert sum(bool(step.printed) for step in tour) >= 5
    for step in tour:
        printed = await guide.run(step.command)
        assert agrees(step.printed, printed), f"{step.command}\n--- shown\n{step.printed}\n--- printed\n{printed}"
    python = "\n".join(text for kind, text in blocks if kind == "pycon")
    (tmp_path / "tour.txt").write_text(python.replace("…", "..."), encoding="utf-8")
    assert await guide.run("python -m doctest -o ELLIPSIS tour.txt") == ""
