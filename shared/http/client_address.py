"""From which address a request came, also behind proxies: only what a named proxy says of it is believed."""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from starlette.datastructures import Headers
from starlette.types import Scope

from shared.base.settings import Network

Address = IPv4Address | IPv6Address
LONGEST = 128
"""Characters of an address, with all that may stand around it."""
SITE = 64
"""Bits of an IPv6 address that one subscriber has; the rest is the subscriber's to choose."""


def client_of(scope: Scope, trusted: Sequence[Network]) -> str:
    """The client's address, or its site in IPv6, as a text that two requests of one client share.

    `X-Forwarded-For` and `Forwarded` are read from the right, each proxy's word for the one before it, until one is no
    trusted proxy. Where both are there and differ, the client has written one of them, and the proxy stands for it.
    """
    peer = _address(str((scope.get("client") or ("",))[0]))
    if peer is None or not _is_in(peer, trusted):
        return _site(peer)
    headers = Headers(scope=scope)
    said = [list(_forwarded_for(headers)), list(_forwarded(headers))]
    found = {_first_unknown(peer, steps, trusted) for steps in said if steps}
    return _site(found.pop() if len(found) == 1 else peer)


def _first_unknown(peer: Address, steps: Sequence[str], trusted: Sequence[Network]) -> Address:
    """The first address from the right that is no trusted proxy; the last that can be read, where all are."""
    last = peer
    for step in reversed(steps):
        address = _address(step)
        if address is None:
            return last
        if not _is_in(address, trusted):
            return address
        last = address
    return last


def _forwarded_for(headers: Headers) -> Iterator[str]:
    for line in headers.getlist("x-forwarded-for"):
        yield from line.split(",")


def _forwarded(headers: Headers) -> Iterator[str]:
    """The `for` of each element (RFC 7239); an element without one is a step that cannot be read."""
    for line in headers.getlist("forwarded"):
        for element in line.split(","):
            pairs = (pair.partition("=") for pair in element.split(";"))
            yield next((value for name, _, value in pairs if name.strip().lower() == "for"), "")


def _address(text: str) -> Address | None:
    """An address with or without a port, quotes and brackets; None for what is none."""
    return _read(text) if len(text) <= LONGEST else None


@lru_cache(maxsize=1024)  # the same few proxies stand before everybody
def _read(text: str) -> Address | None:
    plain = text.strip().strip('"')
    if plain.startswith("["):
        plain = plain[1:].partition("]")[0]
    elif plain.count(":") == 1:
        plain = plain.partition(":")[0]
    try:
        address = ip_address(plain.partition("%")[0])
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def _is_in(address: Address, trusted: Iterable[Network]) -> bool:
    return any(address in network for network in trusted)


def _site(address: Address | None) -> str:
    if isinstance(address, IPv6Address):
        return str(IPv6Network((int(address) >> SITE << SITE, SITE)))
    return str(address)
