"""A process whose database may be behind its own topics answers its probes alone."""

import json
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from shared.http.closed import Closed


async def _inner(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def _ask(app: Closed, path: str) -> tuple[int, dict[bytes, bytes], Any]:
    """Status, headers and document of the answer."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    await app({"type": "http", "method": "POST", "path": path, "headers": []}, receive, send)
    start, *parts = sent
    body = b"".join(part.get("body", b"") for part in parts)
    return start["status"], dict(start["headers"]), json.loads(body) if body else None


async def test_a_closed_process_answers_its_probes_alone_and_is_opened_for_good() -> None:
    is_open = False
    closed = Closed(_inner, is_open=lambda: is_open)
    status, headers, problem = await _ask(closed, "/registration/rosters")
    assert (status, problem["type"], problem["retryable"]) == (503, "unavailable", True)
    assert headers[b"content-type"] == b"application/problem+json"
    assert {(await _ask(closed, path))[0] for path in ("/livez", "/readyz", "/metrics")} == {204}
    is_open = True
    assert (await _ask(closed, "/registration/rosters"))[0] == 204
    is_open = False
    assert (await _ask(closed, "/registration/rosters"))[0] == 204
