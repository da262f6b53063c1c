"""Processes of services and of `bilet` for tests: forks of one that has loaded them, for each process of tests."""

import asyncio
import atexit
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from deploy.programs.processes import Child, Program
from tests.drivers.preloaded import BILET, LARGEST


class Fork:
    """A process that somebody else began, with what `asyncio.subprocess.Process` offers and a test uses."""

    def __init__(self, pid: int, ended: asyncio.Future[int]) -> None:
        self.pid = pid
        self._ended = ended

    @property
    def returncode(self) -> int | None:
        """None while it runs; negative is the signal that ended it."""
        return self._ended.result() if self._ended.done() else None

    async def wait(self) -> int:
        """The exit code, once there is one."""
        return await asyncio.shield(self._ended)

    def send_signal(self, number: signal.Signals) -> None:
        """Sends a signal; raises ProcessLookupError once the process has ended."""
        if self._ended.done():
            raise ProcessLookupError(self.pid)
        os.kill(self.pid, number)


class Loaded:
    """A process that has loaded programs and waits to be forked."""

    def __init__(self) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._ours.setblocking(False)
        argv = [sys.executable, "-m", "tests.drivers.preloaded", str(theirs.fileno())]
        self._process = subprocess.Popen(argv, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
        theirs.close()
        self._begun: asyncio.Queue[int] = asyncio.Queue()
        self._ends: dict[int, asyncio.Future[int]] = {}
        self._asking = asyncio.Lock()
        self._listening = asyncio.ensure_future(self._listen())

    async def fork(self, program: str, words: Sequence[str], env: Mapping[str, str], output: int, errors: int) -> Fork:
        """A process of the program, which writes to these files."""
        request = json.dumps({"program": program, "words": words, "env": dict(env)}).encode()
        assert len(request) < LARGEST
        async with self._asking:  # one request at a time: the socket has room for it
            socket.send_fds(self._ours, [request], [output, errors])
            begun = asyncio.ensure_future(self._begun.get())
            await asyncio.wait([begun, self._listening], return_when=asyncio.FIRST_COMPLETED)
            assert begun.done(), f"the process that has loaded programs ended with {self._process.poll()}"
        return Fork(begun.result(), self._ends[begun.result()])

    def end(self) -> None:
        """Ends the process, and with it its forks."""
        self._ours.close()
        self._process.wait()

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        while said := await loop.sock_recv(self._ours, LARGEST):
            pid, code = json.loads(said)
            if code is None:
                self._ends[pid] = loop.create_future()
                self._begun.put_nowait(pid)
            else:
                self._ends.pop(pid).set_result(code)


_loaded: list[Loaded] = []


async def fork(service: str, role: str, env: Mapping[str, str], log: Path) -> Child:
    """A process of a service, as `processes.spawn` would start it, without the seconds that loading it takes."""
    program = Program(service, [sys.executable, "-m", f"services.{service}.app", role], env, log)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        start = file.tell()
        begun = await _waiting().fork(service, [role], env, file.fileno(), file.fileno())
    return Child(program, cast(asyncio.subprocess.Process, begun), start)


async def fork_bilet(words: Sequence[str], env: Mapping[str, str], output: int, errors: int) -> Fork:
    """`bilet` with these words, which writes to these files."""
    return await _waiting().fork(BILET, words, env, output, errors)


def _waiting() -> Loaded:
    if not _loaded:
        _loaded.append(Loaded())
        atexit.register(_loaded[0].end)
    return _loaded[0]
