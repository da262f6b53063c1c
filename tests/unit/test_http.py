"""The HTTP face: what ends a request early is answered, and is no error of ours."""

import json
from typing import Any

import pytest
from fastapi import APIRouter

from shared.auth import Tokens
from shared.http import MAX_BODY_BYTES, create_app
from shared.telemetry import Metrics


async def _well() -> None:
    """Probes are not asked here."""


async def ask(path: str, body: bytes) -> tuple[int, bytes]:
    """The status and the body of the answer to a POST."""
    router = APIRouter()

    @router.post("/taken")
    async def taken(body: dict[str, Any]) -> int:
        return len(body)

    tokens = Tokens("http://127.0.0.1:1", "bilet", bytes(32))
    app = create_app("test", [router], tokens=tokens, metrics=Metrics(), alive=_well, ready=_well)
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers, "root_path": ""}
    await app(scope | {"http_version": "1.1", "scheme": "http", "server": ("test", 80)}, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


async def test_a_body_that_is_too_large_is_refused_and_logged_as_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    status, _ = await ask("/taken", json.dumps({"a": "x" * MAX_BODY_BYTES}).encode())
    assert status == 413
    assert "request failed" not in "".join(capsys.readouterr())


@pytest.mark.parametrize(("path", "status"), [("/taken", 200), ("/taken/", 404), ("/other", 404)])
async def test_a_path_is_answered_as_it_is_and_never_redirected(path: str, status: int) -> None:
    assert (await ask(path, b'{"a": 1}'))[0] == status
