"""From which address a request came: a stranger's word is never taken, a named proxy's is, from the right."""

import pytest
from pydantic import ValidationError

from shared.base.settings import LimitSettings, networks
from shared.http.client_address import client_of

PROXIES = networks("10.0.0.0/8, ::1,2001:db8:f::/48")
FORWARDED_FOR, FORWARDED = "x-forwarded-for", "forwarded"


def client(peer: str | None, *headers: tuple[str, str]) -> str:
    """The client of a request from a peer with these headers."""
    said = [(name.encode(), value.encode()) for name, value in headers]
    assert isinstance(PROXIES, tuple)
    return client_of({"type": "http", "client": peer and (peer, 1), "headers": said}, PROXIES)


@pytest.mark.parametrize("header", [(FORWARDED_FOR, "9.9.9.9"), (FORWARDED, "for=9.9.9.9")])
def test_a_stranger_s_word_is_not_taken(header: tuple[str, str]) -> None:
    assert client("8.8.8.8", header) == "8.8.8.8"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("9.9.9.9", "9.9.9.9"),
        ("1.1.1.1, 9.9.9.9", "9.9.9.9"),
        ("1.1.1.1,9.9.9.9, 10.3.0.1,10.2.0.1", "9.9.9.9"),
        ("10.9.0.1, 10.2.0.1", "10.9.0.1"),
        ("9.9.9.9:4711", "9.9.9.9"),
        ("::ffff:9.9.9.9", "9.9.9.9"),
        ("1.1.1.1, unknown, 10.2.0.1", "10.2.0.1"),
        ("1.1.1.1, , 10.2.0.1", "10.2.0.1"),
        ("", "10.0.0.1"),
        ("nonsense", "10.0.0.1"),
        ("9" * 5_000, "10.0.0.1"),
    ],
)
def test_a_named_proxy_is_asked_from_the_right(said: str, expected: str) -> None:
    assert client("10.0.0.1", (FORWARDED_FOR, said)) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("for=9.9.9.9", "9.9.9.9"),
        ('For="9.9.9.9:80";proto=https', "9.9.9.9"),
        ("for=1.1.1.1, by=10.0.0.1;for=9.9.9.9;proto=http, for=10.2.0.1", "9.9.9.9"),
        ('for="[2a00:1:2:3:4:5:6:7]:4711"', "2a00:1:2:3::/64"),
        ("for=1.1.1.1, for=_hidden", "10.0.0.1"),
        ("for=1.1.1.1, proto=https", "10.0.0.1"),
    ],
)
def test_the_standard_field_is_read_alike(said: str, expected: str) -> None:
    assert client("10.0.0.1", (FORWARDED, said)) == expected


def test_lines_of_a_field_belong_together() -> None:
    assert client("10.0.0.1", (FORWARDED_FOR, "1.1.1.1"), (FORWARDED_FOR, "9.9.9.9, 10.2.0.1")) == "9.9.9.9"


def test_two_fields_that_differ_are_not_believed() -> None:
    """One of them was written by the client, and passed on by a proxy that writes the other."""
    both = (FORWARDED_FOR, "9.9.9.9"), (FORWARDED, "for=1.1.1.1")
    assert client("10.0.0.1", *both) == "10.0.0.1"
    assert client("10.0.0.1", (FORWARDED_FOR, "9.9.9.9"), (FORWARDED, "for=9.9.9.9")) == "9.9.9.9"


def test_a_peer_of_ipv4_is_the_same_at_a_socket_of_ipv6() -> None:
    assert client("::ffff:8.8.8.8") == client("8.8.8.8")
    assert client("::ffff:10.0.0.1", (FORWARDED_FOR, "9.9.9.9")) == "9.9.9.9"


def test_a_site_of_ipv6_is_one_client() -> None:
    assert client("2a00:1:2:3::1") == client("2a00:1:2:3:ffff::9") != client("2a00:1:2:4::1")


def test_a_peer_without_an_address_is_one_client() -> None:
    assert client(None, (FORWARDED_FOR, "9.9.9.9")) == client("", (FORWARDED_FOR, "1.1.1.1"))


def test_settings_name_the_networks_and_refuse_what_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUSTED_PROXIES", "10.0.0.0/8,::1")
    assert LimitSettings().trusted_proxies == networks("10.0.0.0/8,::1")
    for wrong in ("10.0.0.1/8", "gateway", "10.0.0.0/8;::1"):
        monkeypatch.setenv("TRUSTED_PROXIES", wrong)
        with pytest.raises(ValidationError):
            LimitSettings()
