"""The form of the small OpenID provider: who may have a token, and what is wrong with what is asked."""

import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey

from deploy.sidecars.identity import create_app
from deploy.sidecars.issuer import Issuer
from deploy.sidecars.token_request import FORM, LARGEST_FORM
from tests.drivers.asking import URL, Answer, ask

ASKED = {"grant_type": "client_credentials", "client_id": "bilet", "client_secret": "secret", "sub": "olga"}
GRANTS = [{"role": "navigator", "org": "RU-ROS-001-S01", "classes": ["7А"]}, {"role": "guardian"}]
KEY = ECKey.generate_key("P-256")


@pytest.fixture(scope="module")
def provider() -> FastAPI:
    return create_app(Issuer(KEY, URL), "bilet", "secret", time.time)


async def sent(provider: FastAPI, form: bytes | str, **headers: str | None) -> Answer:
    named = {"content-type": FORM} | {name.replace("_", "-"): value for name, value in headers.items()}
    text = form if isinstance(form, bytes) else form.encode()
    return await ask(provider, "POST", "/issuer/token", text, headers=named)


async def test_a_token_holds_what_was_asked(provider: FastAPI) -> None:
    answer = await sent(provider, urlencode({**ASKED, "grants": json.dumps(GRANTS), "scope": "any"}))
    claims = jwt.decode(answer.body["access_token"], KEY).claims
    assert (answer.status, claims["sub"], claims["grants"]) == (200, "olga", GRANTS)


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"client_secret": "guess"}, 401, "invalid_client"),
        ({"client_secret": "guess", "grants": "[" * 5000}, 401, "invalid_client"),
        ({"client_id": "ё"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "invalid_request"),
        ({"sub": ""}, 400, "invalid_request"),
        ({"sub": "x" * 201}, 400, "invalid_request"),
        ({"grnats": "[]"}, 400, "invalid_request"),
        ({"grants": "{}"}, 400, "invalid_request"),
        ({"grants": "[" * 5000}, 400, "invalid_request"),
        ({"grants": '[{"role": 1e400}]'}, 400, "invalid_request"),
        ({"grants": '[{"role": "venue", "orgs": "RU"}]'}, 400, "invalid_request"),
        ({"grants": '[{"role": "venue", "org": 5}]'}, 400, "invalid_request"),
        ({"grants": json.dumps([{"role": "venue"}] * 101)}, 400, "invalid_request"),
    ],
)
async def test_what_is_wrong_gets_no_token(
    provider: FastAPI, changed: Mapping[str, Any], status: int, error: str
) -> None:
    answer = await sent(provider, urlencode({**ASKED, **changed}))
    assert (answer.status, answer.body["error"]) == (status, error)


@pytest.mark.parametrize(
    "form", [b"", b"\xff", b"sub", b"sub=%ff", urlencode(ASKED).encode() + b"&sub=anna", b"&".join([b"a=1"] * 21)]
)
async def test_what_is_no_form_is_refused(provider: FastAPI, form: bytes) -> None:
    answer = await sent(provider, form)
    assert answer.status in (400, 401)
    assert "access_token" not in answer.body


async def test_a_form_is_judged_by_its_headers_before_it_is_read(provider: FastAPI) -> None:
    large = await sent(provider, b"a=".ljust(LARGEST_FORM + 1, b"x"))
    other = await sent(provider, json.dumps(ASKED), content_type="application/json")
    assert [(a.status, a.body["type"], a.read) for a in (large, other)] == [
        (413, "body-too-large", 0),
        (415, "unsupported-media-type", 0),
    ]


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/issuer/token", 405), ("POST", "/issuer/other", 404)])
async def test_errors_of_the_provider_have_the_one_form(provider: FastAPI, method: str, path: str, status: int) -> None:
    answer = await ask(provider, method, path, headers={})
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status, answer.body["status"]) == (status, status)
