"""Tokens that the provider did not sign as access tokens of this system, on a route of each kind: all are 401."""

import base64
import hmac
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from deploy.local.system import System
from deploy.sidecars.issuer import ALGORITHM, load_key

ROUTES: Mapping[str, str] = {
    "GET /registration/me": "national-operator",
    "POST /registration/rosters": "national-operator",
    "POST /registration/links": "guardian",
    "GET /trials/seasons": "national-operator",
    "PUT /trials/seasons/forged": "national-operator",
    "GET /notifications/inbox": "guardian",
    "GET /notifications/stream": "pupil",
    "GET /analytics/regions?season=2020": "national-operator",
    "GET /analytics/regions/RU-ROS/feed": "service",
}
"""A role that may ask by each."""
MINUTE = 60
OWN = ECKey.generate_key("P-256")
"""The forger's."""


class Forge:
    """Signs like the system's provider, but for what a forgery changes."""

    def __init__(self, running: System, role: str) -> None:
        self.key = load_key(running.infrastructure.data / "identity-key.json")
        self.public = self.key.as_dict(private=False)
        self.now = now = int(time.time())
        self.header: dict[str, Any] = {"alg": ALGORITHM, "typ": "at+jwt", "kid": self.key.thumbprint()}
        grants = [{"role": role, "org": "RU"}]
        whose = {"iss": running.issuer.url, "aud": "bilet", "sub": "forger", "grants": grants}
        self.claims: dict[str, Any] = {**whose, "iat": now, "exp": now + 10 * MINUTE}

    def signed(self, key: ECKey | None = None, *, header: Mapping[str, Any] | None = None, **claims: Any) -> str:
        """A token; a claim of None is left out."""
        told = {name: claim for name, claim in {**self.claims, **claims}.items() if claim is not None}
        return jwt.encode({**self.header, **(header or {})}, told, key or self.key)

    def sealed(self, algorithm: str, secret: bytes | None) -> str:
        """A token of an algorithm that no library would sign with this key."""
        parts = [json.dumps(part).encode() for part in ({**self.header, "alg": algorithm}, self.claims)]
        text = ".".join(map(_base64, parts))
        return f"{text}.{'' if secret is None else _base64(hmac.digest(secret, text.encode(), 'sha256'))}"

    def spliced(self, claims: Mapping[str, Any] | None, keep_seal: bool) -> str:
        """A genuine token with other content under its signature, or without the signature."""
        head, body, seal = self.signed().split(".")
        said = body if claims is None else _base64(json.dumps({**self.claims, **claims}).encode())
        return f"{head}.{said}.{seal if keep_seal else ''}"


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


FORGERIES: Mapping[str, Callable[[Forge], str]] = {
    "another key": lambda forge: forge.signed(OWN),
    "another key under its name": lambda forge: forge.signed(OWN, header={"kid": OWN.thumbprint()}),
    "a key that it brings along": lambda forge: forge.signed(OWN, header={"jwk": OWN.as_dict(private=False)}),
    "expired": lambda forge: forge.signed(exp=forge.now - MINUTE),
    "without an end": lambda forge: forge.signed(exp=None),
    "not yet valid": lambda forge: forge.signed(nbf=forge.now + 2 * MINUTE),
    "issued in an hour": lambda forge: forge.signed(iat=forge.now + 60 * MINUTE),
    "another audience": lambda forge: forge.signed(aud="another"),
    "other audiences": lambda forge: forge.signed(aud=["another", "third"]),
    "without an audience": lambda forge: forge.signed(aud=None),
    "another issuer": lambda forge: forge.signed(iss="https://id.example.org"),
    "without an issuer": lambda forge: forge.signed(iss=None),
    "without a subject": lambda forge: forge.signed(sub=None),
    "an ID token": lambda forge: forge.signed(header={"typ": "JWT"}, nonce="n", auth_time=forge.now),
    "a plain token": lambda forge: forge.signed(header={"typ": "JWT"}),
    "a logout token": lambda forge: forge.signed(header={"typ": "logout+jwt"}),
    "alg none": lambda forge: forge.sealed("none", None),
    "alg None": lambda forge: forge.sealed("None", None),
    "HS256 by the public key, JSON": lambda forge: forge.sealed("HS256", json.dumps(forge.public).encode()),
    "HS256 by the public key, PEM": lambda forge: forge.sealed("HS256", forge.key.as_pem(private=False)),
    "other content": lambda forge: forge.spliced({"sub": "another"}, keep_seal=True),
    "no signature": lambda forge: forge.spliced(None, keep_seal=False),
}


async def _status(running: System, route: str, token: str) -> int:
    method, path = route.split()
    headers = {"Authorization": f"Bearer {token}"}
    body: dict[str, str] | None = None if method == "GET" else {}
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.request(method, running.url + path, json=body) as answer,
    ):
        return answer.status


@pytest.mark.parametrize("route", ROUTES)
async def test_a_genuine_token_is_known(running: System, route: str) -> None:
    assert await _status(running, route, Forge(running, ROUTES[route]).signed()) in (200, 404, 422)


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_a_forged_token_is_not(running: System, forgery: str) -> None:
    tokens = {route: FORGERIES[forgery](Forge(running, role)) for route, role in ROUTES.items()}
    found = {route: await _status(running, route, token) for route, token in tokens.items()}
    assert found == dict.fromkeys(ROUTES, 401)
