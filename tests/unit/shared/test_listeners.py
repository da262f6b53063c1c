"""Where a process listens: at both versions of IP for every address, of IPv4 alone where IPv6 is off."""

import errno
import socket
from typing import Any

import pytest

from deploy.programs.ports import free_port
from shared.base.settings import Settings
from shared.http.listeners import listeners

ADDRESSES = ("127.0.0.1", "::1")


def answering(host: str, port: int | None = None) -> set[str]:
    """The loopback addresses at which somebody answers once a host is listened at."""
    port = free_port() if port is None else port
    bound = listeners(host, port)
    found = set()
    for address in ADDRESSES:
        try:
            with socket.create_connection((address, port), timeout=1):
                found.add(address)
        except OSError:
            continue
    for listener in bound:
        listener.close()
    return found


def off(family: int, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets no server be made in one version of IP, as where the kernel has it off."""
    create = socket.create_server

    def created(address: Any, **how: Any) -> socket.socket:
        if how.get("family", socket.AF_INET) == family:
            raise OSError(code, "off")
        return create(address, **how)

    monkeypatch.setattr(socket, "create_server", created)


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="IPv6 is off here")
def test_every_address_is_of_both_versions() -> None:
    assert answering("::") == set(ADDRESSES)


@pytest.mark.parametrize("code", [errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL])
def test_every_address_is_of_ipv4_where_ipv6_is_off(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    off(socket.AF_INET6, code, monkeypatch)
    assert answering("::") == {"127.0.0.1"}
    assert answering("localhost") == {"127.0.0.1"}


def test_a_kernel_without_ipv6_is_not_asked_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "has_dualstack_ipv6", lambda: False)
    assert answering("::") == {"127.0.0.1"}


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_an_address_is_listened_at_alone(host: str) -> None:
    assert answering(host) == {"127.0.0.1"}


def test_nothing_but_this_machine_is_told_to_listen_by_default() -> None:
    assert Settings.model_fields["http_host"].default == "127.0.0.1"


def test_a_port_that_is_busy_is_an_error() -> None:
    port = free_port()
    first = listeners("127.0.0.1", port)
    for host in ("127.0.0.1", "::"):
        with pytest.raises(OSError, match="in use"):
            listeners(host, port)
    first[0].close()
