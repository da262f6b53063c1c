"""The small OpenID provider: publishes its key and signs access tokens where there is no other provider.

As a process (`python -m deploy.sidecars.identity`) it is configured by the environment, see `Settings`.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy.sidecars import token_request
from deploy.sidecars.issuer import TOKEN_SECONDS, Issuer, load_key
from deploy.sidecars.token_request import FORM, LARGEST_FORM
from shared.base.settings import from_environment
from shared.http import received
from shared.http.app import answer_with_problems
from shared.http.listeners import listeners
from shared.http.protocol import Protocol
from shared.http.routes import BODY_SECONDS, acceptable


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
