"""An application that is asked directly, without a server: what a request comes to, and what of it was read."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, FastAPI
from joserfc.jwk import ECKey, KeySet

from deploy.sidecars.issuer import Issuer
from shared.base.telemetry import Metrics
from shared.http.app import Probes, create_app
from shared.identity.issuer import IssuerKeys, Published
from shared.identity.tokens import Tokens

URL = "http://127.0.0.1:8080/issuer"
JSON = "application/json"


async def _well() -> str:
    """Probes are not asked here."""
    return "ok"


@dataclass(frozen=True)
class Answer:
    """What came back, and how many pieces of the body were asked for."""

    status: int
    headers: Mapping[str, str]
    body: Any
    read: int

    @property
    def pointers(self) -> list[str]:
        """The fields that a problem document names."""
        assert self.headers["content-type"] == "application/problem+json"
        return [error["pointer"] for error in self.body.get("errors", [])]


@dataclass
class Asked:
    """An application of these routers, and the provider whose tokens it takes."""

    routers: Sequence[APIRouter]
    issuer: Issuer = field(default_factory=lambda: Issuer(ECKey.generate_key("P-256"), URL))

    def __post_init__(self) -> None:
        async def keys() -> Published:
            return Published(URL, KeySet.import_key_set(self.issuer.keys()))

        tokens = Tokens(URL, "bilet", bytes(32), IssuerKeys(keys))
        self.app: FastAPI = create_app("test", self.routers, Probes(Metrics(), _well, _well), tokens=tokens)

    def bearer(self, role: str = "national-operator", org: str | None = "RU", subject: str = "someone") -> str:
        """An Authorization header of someone with one role."""
        return f"Bearer {self.issuer.token(subject, [{'role': role, 'org': org}], time.time())}"

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        pieces: Sequence[bytes] | None = None,
        headers: Mapping[str, str | None] | None = None,
    ) -> Answer:
        """The answer to a request by a national operator, unless the headers say otherwise."""
        sent = {"authorization": self.bearer(), "content-type": None if body is None and pieces is None else JSON}
        return await ask(self.app, method, path, body, pieces=pieces, headers=sent | dict(headers or {}))


async def ask(
    app: FastAPI,
    method: str,
    path: str,
    body: Any = None,
    *,
    pieces: Sequence[bytes] | None = None,
    headers: Mapping[str, str | None],
) -> Answer:
    """The answer to a request; `pieces` is a body sent in chunks, of which more never come."""
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent: dict[str, str | None] = {}
    if pieces is not None:
        sent = {"transfer-encoding": "chunked"}
    elif body is not None:
        sent = {"content-length": str(len(text))}
    where, _, query = path.partition("?")
    scope = {
        "type": "http",
        "method": method,
        "path": where,
        "query_string": query.encode(),
        "headers": [
            (n.lower().encode(), value.encode()) for n, value in {**sent, **headers}.items() if value is not None
        ],
        "root_path": "",
        "http_version": "1.1",
        "scheme": "http",
        "server": ("test", 80),
    }
    exchange = _Exchange([text] if pieces is None else pieces, endless=pieces is not None)
    await app(scope, exchange.receive, exchange.send)
    return exchange.answer()


class _Exchange:
    """The server's side of one request."""

    def __init__(self, pieces: Sequence[bytes], endless: bool) -> None:
        self._pieces = list(pieces)
        self._endless = endless
        self._read = 0
        self._sent: list[Any] = []

    async def receive(self) -> dict[str, Any]:
        if not self._pieces:
            await asyncio.Event().wait()
        self._read += 1
        piece = self._pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": self._endless or bool(self._pieces)}

    async def send(self, message: Any) -> None:
        self._sent.append(message)

    def answer(self) -> Answer:
        headers = {name.decode(): value.decode() for name, value in self._sent[0]["headers"]}
        body = b"".join(message.get("body", b"") for message in self._sent[1:])
        shown = json.loads(body) if "json" in headers.get("content-type", "") else body
        return Answer(self._sent[0]["status"], headers, shown, self._read)
