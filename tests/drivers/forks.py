"""Processes of services for tests: forks of a service that is loaded once in each process that runs tests."""

import asyncio
import atexit
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from deploy.programs.processes import Child, Program
from tests.drivers.preloaded import LARGEST


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
    """A service that waits to be forked."""

    def __init__(self, service: str) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._ours.setblocking(False)
        argv = [sys.executable, "-m", "tests.drivers.preloaded", service, str(theirs.fileno())]
        self._process = subprocess.Popen(argv, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)
        theirs.close()
        self._begun: asyncio.Queue[int] = asyncio.Queue()
        self._ends: dict[int, asyncio.Future[int]] = {}
        self._asking = asyncio.Lock()
        self._listening = asyncio.ensure_future(self._listen())

    async def fork(self, role: str, env: Mapping[str, str], log: Path) -> Fork:
        """A process of the service in a role, which writes to this log."""
        request = json.dumps({"role": role, "env": dict(env), "log": str(log)}).encode()
        assert len(request) < LARGEST
        async with self._asking:
            await asyncio.get_running_loop().sock_sendall(self._ours, request)
            begun = asyncio.ensure_future(self._begun.get())
            await asyncio.wait([begun, self._listening], return_when=asyncio.FIRST_COMPLETED)
            assert begun.done(), f"a loaded service ended with {self._process.poll()}"
        return Fork(begun.result(), self._ends[begun.result()])

    def end(self) -> None:
        """Ends the loaded service, and with it its forks."""
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


_loaded: dict[str, Loaded] = {}


async def fork(service: str, role: str, env: Mapping[str, str], log: Path) -> Child:
    """A process of a service, as `processes.spawn` would start it, without the seconds that loading it takes."""
    if service not in _loaded:
        _loaded[service] = Loaded(service)
        atexit.register(_loaded[service].end)
    program = Program(service, [sys.executable, "-m", f"services.{service}.app", role], env, log)
    start = _length(log)
    return Child(program, cast(asyncio.subprocess.Process, await _loaded[service].fork(role, env, log)), start)


def _length(log: Path) -> int:
    log.parent.mkdir(parents=True, exist_ok=True)
    return log.stat().st_size if log.exists() else 0
