"""A process that is closed answers its probes alone: its database may lack what was published out of it."""

from collections.abc import Callable

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.base.errors import Unavailable

PROBES = frozenset({"/livez", "/readyz", "/metrics"})


class Closed:
    """Answers 503 until it is opened, which is for good. A pure ASGI middleware, outside of all others."""

    def __init__(self, app: ASGIApp, is_open: Callable[[], bool]) -> None:
        self._app = app
        self._is_open = is_open
        self._opened = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a request through, or answers it."""
        self._opened = self._opened or self._is_open()
        if self._opened or scope["type"] != "http" or scope["path"] in PROBES:
            return await self._app(scope, receive, send)
        error = Unavailable("the service is starting")
        answer = JSONResponse(error.problem(), error.status, media_type="application/problem+json")
        answer.headers["Cache-Control"] = "no-store"
        await answer(scope, receive, send)
