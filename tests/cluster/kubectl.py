"""`kubectl` as the tests use it: one command, its JSON, or its lines as they come."""

import asyncio
import json
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

COMMAND_SECONDS = 330.0
"""More than any `--timeout` that a caller gives, so that kubectl itself says what it waited for."""


class KubectlFailed(Exception):
    """A command that ended with another code than 0, or not in time; the message has the command and what it said."""


@dataclass(frozen=True, slots=True)
class Kubectl:
    """Commands in one namespace of the cluster of KUBECONFIG."""

    namespace: str

    async def run(self, *args: str, stdin: str | None = None) -> str:
        """What the command prints; raises KubectlFailed."""
        child = await self._start(args, stdin=stdin is not None)
        try:
            async with asyncio.timeout(COMMAND_SECONDS):
                out, err = await child.communicate(stdin.encode() if stdin is not None else None)
        except TimeoutError as error:
            raise KubectlFailed(f"kubectl {' '.join(args)}: no end after {COMMAND_SECONDS:.0f} s") from error
        finally:
            await _ended(child)
        if child.returncode:
            raise KubectlFailed(f"kubectl {' '.join(args)}: {err.decode().strip() or out.decode().strip()}")
        return out.decode()

    async def json(self, *args: str) -> Any:
        """What the command prints, decoded."""
        return json.loads(await self.run(*args, "-o", "json"))

    async def items(self, kind: str, selector: str = "") -> list[Mapping[str, Any]]:
        """The objects of a kind, those with the labels only if some are given."""
        found = await self.json("get", kind, *(["-l", selector] if selector else []))
        return list(found["items"])

    @asynccontextmanager
    async def lines(self, *args: str) -> AsyncIterator[AsyncIterator[str]]:
        """The lines of a command that goes on until the body ends."""
        child = await self._start(args, stdin=False)
        try:
            yield _lines(child)
        finally:
            await _ended(child)

    async def _start(self, args: tuple[str, ...], *, stdin: bool) -> Process:
        command = ("kubectl", "--namespace", self.namespace, *args)
        return await asyncio.create_subprocess_exec(
            *command, stdin=PIPE if stdin else asyncio.subprocess.DEVNULL, stdout=PIPE, stderr=PIPE, limit=1 << 20
        )


async def _ended(child: Process) -> None:
    if child.returncode is None:
        child.kill()
    await child.wait()


async def _lines(child: Process) -> AsyncIterator[str]:
    assert child.stdout is not None
    async for line in child.stdout:
        yield line.decode(errors="replace").rstrip("\n")
