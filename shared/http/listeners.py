"""The sockets that a process listens on: both versions of IP where an address stands for every one."""

import errno
import socket

EVERYWHERE = "::"
NOT_HERE = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EPROTONOSUPPORT})
"""A version of IP that is off on this machine."""
BACKLOG = 2048


def listeners(host: str, port: int) -> list[socket.socket]:
    """Listens at every address of a host: `::` is every address of IPv6 and IPv4, or of IPv4 alone where IPv6 is off.

    Raises OSError where it cannot listen at all.
    """
    if host == EVERYWHERE:
        return [_everywhere(port)]
    addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    bound: list[socket.socket] = []
    absent: OSError | None = None
    for family, address in dict.fromkeys((family, address[:2]) for family, *_, address in addresses):
        try:
            bound.append(socket.create_server(address, family=family, backlog=BACKLOG))
        except OSError as error:
            if error.errno not in NOT_HERE:
                for other in bound:
                    other.close()
                raise
            absent = error
    if not bound and absent is not None:
        raise absent
    return bound


def _everywhere(port: int) -> socket.socket:
    if socket.has_dualstack_ipv6():
        try:
            return socket.create_server(
                (EVERYWHERE, port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=BACKLOG
            )
        except OSError as error:
            if error.errno not in NOT_HERE:
                raise
    return socket.create_server(("0.0.0.0", port), backlog=BACKLOG)
