"""TCP ports of this machine for the servers of the local stack; no port is given to two stacks."""

import os
import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager

# Below the range from which Linux (32768+) and macOS (49152+) take the ports of outgoing connections: there, a port
# that is free now may be a client's own by the time the server listens, or is started again.
FIRST, LAST = 20_000, 32_000

_claims: dict[int, int] = {}
"""The file descriptor of each port that is this process's own."""
_in_use: set[int] = set()


def is_free(port: int) -> bool:
    """Returns whether a server could listen on `port` of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """A port that is free, and this process's own until its end."""
    while True:
        port = random.randint(FIRST, LAST)
        if _claim(port):
            if is_free(port):
                return port
            os.close(_claims.pop(port))


@contextmanager
def claimed(port: int) -> Iterator[bool]:
    """Gives whether a port is free and nobody else's; if so, it is for the body alone while that runs.

    A port that `free_port` gave to this process is its own already.
    """
    given = port in _claims
    if port in _in_use or not (given or _claim(port)):
        yield False
        return
    _in_use.add(port)
    try:
        yield is_free(port)
    finally:
        _in_use.remove(port)
        if not given:
            os.close(_claims.pop(port))


def _claim(port: int) -> bool:
    """Takes a port for this process, however long its server still takes to listen.

    The claim is the UDP port of the same number, which the kernel gives to one process and takes back at its end. The
    TCP port itself cannot be it: two servers that both allow to be restarted at once, as Caddy does, may share that.
    """
    if port in _claims:
        return False
    claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        claim.bind(("127.0.0.1", port))
    except OSError:
        claim.close()
        return False
    _claims[port] = claim.detach()
    return True
