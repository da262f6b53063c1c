"""Free TCP ports of this machine for the servers of the local stack."""

import random
import socket

# Below the range from which Linux (32768+) and macOS (49152+) take the ports of outgoing connections: there, a port
# that is free now may be a client's own by the time the server listens, or is started again.
FIRST, LAST = 20_000, 32_000

_given: set[int] = set()


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """A port that is free and that this process has not given to anybody before."""
    while True:
        port = random.randint(FIRST, LAST)
        if port not in _given and is_free(port):
            _given.add(port)
            return port
