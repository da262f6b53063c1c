"""The small OpenID provider: publishes its key and signs access tokens where there is no other provider.

As a process (`python -m deploy.sidecars.identity`) it is configured by the environment, see `Settings`.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, KeySetSerialization
from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy.sidecars import secret, token_request
from deploy.sidecars.token_request import FORM, LARGEST_FORM
from shared.base.settings import from_environment
from shared.http import received
from shared.http.app import answer_with_problems
from shared.http.listeners import listeners
from shared.http.protocol import Protocol
from shared.http.routes import BODY_SECONDS, acceptable

ALGORITHM = "ES256"
TOKEN_SECONDS = 3600

Grants = Sequence[Mapping[str, Any]]


class Issuer:
    """Signs tokens with one key in the name of one issuer URL."""

    def __init__(self, key: ECKey, url: str, audience: str = "bilet") -> None:
        self.url = url.rstrip("/")
        self._key = key
        self._audience = audience
        self._header = {"alg": ALGORITHM, "typ": "at+jwt", "kid": key.thumbprint()}

    def token(self, subject: str, grants: Grants, now: float, lifetime: int = TOKEN_SECONDS) -> str:
        """An access token (RFC 9068) for `lifetime` seconds from `now`, in seconds since 1970."""
        claims = {
            "iss": self.url,
            "aud": self._audience,
            "sub": subject,
            "iat": int(now),
            "exp": int(now) + lifetime,
            "grants": [dict(grant) for grant in grants],
        }
        return jwt.encode(self._header, claims, self._key)

    def keys(self) -> KeySetSerialization:
        """The public key as a JSON Web Key Set."""
        return KeySet([self._key]).as_dict(private=False, use="sig", alg=ALGORITHM)

    def discovery(self) -> dict[str, Any]:
        """The document at `/.well-known/openid-configuration` below the issuer's URL."""
        return {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/jwks",
            "token_endpoint": f"{self.url}/token",
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "response_types_supported": [],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
        }


class Settings(BaseSettings):
    """Settings of the process; the client is who may ask for a token of any subject with any grants."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    oidc_issuer: str
    oidc_audience: str = "bilet"
    identity_key: Path
    identity_client_id: str
    identity_client_secret: str
    http_host: str = "127.0.0.1"
    http_port: int


def load_key(path: Path) -> ECKey:
    """The signing key in `path`, made on first use and readable by its owner alone."""
    return ECKey.import_key(json.loads(secret.kept(path, _new_key)))


def _new_key() -> bytes:
    return json.dumps(ECKey.generate_key("P-256").as_dict(private=True)).encode()


def create_app(issuer: Issuer, client_id: str, client_secret: str, now: Callable[[], float]) -> FastAPI:
    """The provider's HTTP side, below the path of the issuer's URL; `/readyz` is at the root."""
    router = APIRouter()

    @router.get("/.well-known/openid-configuration")
    async def discovery() -> dict[str, Any]:
        return issuer.discovery()

    @router.get("/jwks")
    async def keys() -> dict[str, Any]:
        return dict(issuer.keys())

    @router.post("/token")
    async def token(request: Request) -> JSONResponse:
        acceptable(request, LARGEST_FORM, FORM)
        form = await received.read(request, LARGEST_FORM, BODY_SECONDS)
        return _grant(issuer, f"{client_id}\n{client_secret}", form, now)

    app = FastAPI(title="Local identity provider", openapi_url=None, redirect_slashes=False)
    app.include_router(router, prefix=urlsplit(issuer.url).path)
    app.add_api_route("/readyz", lambda: {"status": "ready"})
    answer_with_problems(app)
    return app


def _grant(issuer: Issuer, client: str, form: bytes, now: Callable[[], float]) -> JSONResponse:
    """The answer to `POST /token`, in the form of RFC 6749 also where it is refused."""
    try:
        asked = token_request.read(form, client)
    except token_request.Refused as refused:
        return _told({"error": refused.code, "error_description": refused.reason}, refused.status)
    signed = issuer.token(asked.sub, asked.claims, now())
    return _told({"access_token": signed, "token_type": "Bearer", "expires_in": TOKEN_SECONDS}, 200)


def _told(answer: Mapping[str, Any], status: int) -> JSONResponse:
    return JSONResponse(dict(answer), status, headers={"Cache-Control": "no-store"})


def main() -> None:
    """Serve until a signal."""
    settings = from_environment(Settings)
    issuer = Issuer(load_key(settings.identity_key), settings.oidc_issuer, settings.oidc_audience)
    app = create_app(issuer, settings.identity_client_id, settings.identity_client_secret, time.time)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, http=Protocol))
    server.run(listeners(settings.http_host, settings.http_port))


if __name__ == "__main__":
    main()
