"""`bilet` as a process, on a machine where only the demos of one folder for temporary files run."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from deploy.cli.installation import SERVERS
from tests.drivers.forks import Fork, fork_bilet

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

    async def start(self, *words: str, output: int, errors: int) -> Fork:
        """The process, which writes to these files."""
        environ = {name: value for name, value in os.environ.items() if name not in SERVERS}
        return await fork_bilet(words, {**environ, "TMPDIR": str(self.temporary)}, output, errors)

    async def __call__(self, *words: str) -> Ran:
        """The command, ended."""
        return await ran(partial(self.start, *words))


async def ran(start: Callable[..., Awaitable[Fork]]) -> Ran:
    """How a process ended that is started with files for its `output` and `errors`."""
    with TemporaryFile() as output, TemporaryFile() as errors:
        process = await start(output=output.fileno(), errors=errors.fileno())
        async with asyncio.timeout(DEADLINE):
            code = await process.wait()
        return ended(code, read_again(output), read_again(errors))


def read_again(file: IO[bytes]) -> bytes:
    """All that a file holds."""
    file.seek(0)
    return file.read()


def ended(code: int | None, output: bytes, complaint: bytes) -> Ran:
    """What a process ended with."""
    first, _, rest = complaint.decode().partition("\n")
    if first.startswith("The demo of ") and " at http://" in first:
        return Ran(code, output.decode(), rest, first)
    return Ran(code, output.decode(), complaint.decode())
