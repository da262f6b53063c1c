"""A service that is loaded once and forked for each process that tests start: what its modules cost is paid once.

A fork is a process of its own: its role, environment, log, signals and exit code are those of
`python -m services.<name>.app <role>`. Messages pass a socket of packets: a request comes as JSON, and the number of
the new process goes back, later its exit code. Everything ends with whoever holds the other end.
"""

import ctypes
import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
from typing import Any

from deploy.programs.die_with_parent import PR_SET_PDEATHSIG
from shared.runtime.process import main

LARGEST = 1 << 17
"""Bytes of a request, most of which are an environment."""


def wait_for_requests(requests: socket.socket) -> None:
    """Forks for each request; returns in the forks alone, each as the process that was asked for."""
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
                request = requests.recv(LARGEST)
                if not request:
                    os._exit(0)
                if (pid := os.fork()) == 0:
                    _become(json.loads(request), zygote)
                    requests.close()
                    return
                selector.register(os.pidfd_open(pid), selectors.EVENT_READ, pid)
                requests.send(json.dumps([pid, None]).encode())


def _become(request: dict[str, Any], parent: int) -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    os.setsid()
    nothing, log = os.open(os.devnull, os.O_RDONLY), os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream, file in enumerate((nothing, log, log)):
        os.dup2(file, stream)
    os.environ.clear()
    os.environ.update(request["env"])
    sys.argv[1:] = [request["role"]]


if __name__ == "__main__":
    name, descriptor = sys.argv[1:]
    build = importlib.import_module(f"services.{name}.app").build
    gc.freeze()
    wait_for_requests(socket.socket(fileno=int(descriptor)))
    main(name, build)
