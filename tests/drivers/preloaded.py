"""Programs that are loaded once and forked for each process that tests start: what their modules cost is paid once.

A fork is a process of its own: its words, environment, output, signals and exit code are those of
`python -m services.<name>.app <role>`, or of `bilet <words>`. Messages pass a socket of packets: a request comes as
JSON with the files for its output, and the number of the new process goes back, later its exit code. Everything ends
with whoever holds the other end.
"""

import ctypes
import gc
import importlib
import json
import os
import pkgutil
import selectors
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

from deploy.programs.die_with_parent import PR_SET_PDEATHSIG

LARGEST = 1 << 17
"""Bytes of a request, most of which are an environment."""
BILET = "bilet"
STREAMS = 2
"""Output and errors, the files that come with a request."""


def wait_for_requests(requests: socket.socket) -> Callable[[], None]:
    """Forks for each request; returns in the forks alone, each as the process that was asked for, with what it runs."""
    zygote = os.getpid()
    with selectors.DefaultSelector() as selector:
        selector.register(requests, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is not requests:
                    selector.unregister(key.fd)
                    os.close(key.fd)
                    _, status = os.waitpid(key.data, 0)
                    requests.send(json.dumps([key.data, os.waitstatus_to_exitcode(status)]).encode())
                    continue
                said, streams, _, _ = socket.recv_fds(requests, LARGEST, STREAMS)
                if not said:
                    os._exit(0)
                request = json.loads(said)
                run = _loaded(request["program"])
                if (pid := os.fork()) == 0:
                    _become(request, streams, zygote)
                    requests.close()
                    return run
                for stream in streams:
                    os.close(stream)
                selector.register(os.pidfd_open(pid), selectors.EVENT_READ, pid)
                requests.send(json.dumps([pid, None]).encode())


@cache
def _loaded(program: str) -> Callable[[], None]:
    """What a fork runs, with all of its modules."""
    if program == BILET:
        commands = importlib.import_module("deploy.cli")
        for module in pkgutil.iter_modules(commands.__path__, "deploy.cli."):
            importlib.import_module(module.name)
        run: Callable[[], None] = importlib.import_module("deploy.cli.__main__").main
    else:
        main = importlib.import_module("shared.runtime.process").main
        run = partial(main, program, importlib.import_module(f"services.{program}.app").build)
    gc.collect()
    gc.freeze()
    return run


def _become(request: dict[str, Any], streams: Sequence[int], parent: int) -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    os.setsid()
    for stream, file in enumerate((os.open(os.devnull, os.O_RDONLY), *streams)):
        os.dup2(file, stream)
        os.close(file)
    # Those of the process that was forked know whether its own files can be sought in.
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115  # open as long as the process
    sys.stderr = open(2, "w", 1, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(request["env"])
    tempfile.tempdir = None
    sys.argv[1:] = request["words"]


if __name__ == "__main__":
    wait_for_requests(socket.socket(fileno=int(sys.argv[1])))()
