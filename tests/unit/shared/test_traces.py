"""The trace of an answer in parts: it names whoever is shown by any of them, and nobody twice."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from shared.base.telemetry import Metrics
from shared.http.app import Measured, nobody
from shared.http.audit import AuditLog
from shared.identity.acting import PRINCIPAL, about
from shared.identity.grants import Grant
from shared.identity.principal import Principal
from shared.storage.mongo import Mongo

WHO = Principal("s", "account", (Grant("guardian"),))


def stream(*shown: Sequence[str]) -> Any:
    """An application that shows these persons one part after the other."""

    async def app(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for persons in shown:
            about(persons)
            await send({"type": "http.response.body", "body": b".", "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    return app


async def traced(app: Any, method: str, **path: str) -> list[tuple[str, ...]]:
    """Whom each entry of the log names."""
    mongo = Mongo("mongodb://127.0.0.1:9", "nowhere")
    log = AuditLog(mongo, timedelta(days=1), lambda: datetime.now(UTC))
    scope: dict[str, Any] = {
        "type": "http",
        "method": method,
        "path": "/notifications/stream",
        "path_params": path,
        "app": SimpleNamespace(state=SimpleNamespace(audit=log, witness=nobody)),
        PRINCIPAL: WHO,
    }

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(_: Message) -> None: ...

    await Measured(app, Metrics(), log)(scope, receive, send)
    mongo.close()
    return [entry.participants for entry in log._waiting]


@pytest.mark.parametrize(
    ("shown", "entries"),
    [
        ([["a"]], [("a",)]),
        ([[], ["a"], ["a"], ["b", "a"], [], ["c"]], [("a",), ("b",), ("c",)]),
        ([[], []], []),
    ],
)
async def test_a_stream_is_on_record_for_everyone_whom_it_shows(
    shown: list[list[str]], entries: list[tuple[str, ...]]
) -> None:
    assert await traced(stream(*shown), "GET") == entries


async def test_a_write_is_on_record_once_also_where_it_concerns_nobody() -> None:
    assert await traced(stream([], []), "POST") == [()]
    assert await traced(stream(["a"], ["a"]), "POST", participant="p") == [("a", "p")]
