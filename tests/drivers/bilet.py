"""`bilet` as a process, on a machine where only the demos of one folder for temporary files run."""

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from deploy.cli.installation import SERVERS
from deploy.local.system import ROOT

DEADLINE = 60.0


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it said."""

    code: int | None
    output: str
    complaint: str
    """What stands on standard error, but for the line that says to which demo it spoke."""
    spoke_to: str = ""

    @property
    def lines(self) -> list[str]:
        return self.output.splitlines()

    @property
    def events(self) -> list[tuple[int, int]]:
        """Epoch and number of each line of a feed."""
        return [(event["epoch"], event["seq"]) for event in map(json.loads, self.lines)]


@dataclass(frozen=True)
class Bilet:
    """Runs `bilet` where the temporary folders are those of `temporary`, and no server is named."""

    temporary: Path

    async def start(self, *words: str, stdout: int = asyncio.subprocess.PIPE) -> asyncio.subprocess.Process:
        """The process; `stdout` as for subprocess."""
        environ = {name: value for name, value in os.environ.items() if name not in SERVERS}
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "deploy.cli", *words),
            cwd=ROOT,
            env={**environ, "TMPDIR": str(self.temporary)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=stdout,
            stderr=asyncio.subprocess.PIPE,
        )

    async def __call__(self, *words: str) -> Ran:
        """The command, ended."""
        process = await self.start(*words)
        async with asyncio.timeout(DEADLINE):
            output, complaint = await process.communicate()
        return ended(process.returncode, output, complaint)


def ended(code: int | None, output: bytes, complaint: bytes) -> Ran:
    """What a process ended with."""
    first, _, rest = complaint.decode().partition("\n")
    if first.startswith("The demo of ") and " at http://" in first:
        return Ran(code, output.decode(), rest, first)
    return Ran(code, output.decode(), complaint.decode())
