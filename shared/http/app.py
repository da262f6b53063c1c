"""The HTTP face that all services share: problem documents, request metrics, probes."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial

from anyio import BrokenResourceError, ClosedResourceError
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pymongo.errors import PyMongoError
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.base.errors import BadInput, FieldError, ServiceError, Unavailable, pointer
from shared.base.settings import LimitSettings
from shared.base.telemetry import Metrics, logger
from shared.http import openapi, reference
from shared.http.application import Application
from shared.http.audit import AuditLog
from shared.http.exclusions import KnownExclusions
from shared.http.large_bodies import LargeBodies
from shared.http.limits import STANDING, Limits
from shared.http.request_fields import located
from shared.identity.acting import PRINCIPAL, route_of, serving
from shared.identity.principal import Principal
from shared.identity.tokens import Tokens

Witness = Callable[[Principal], None]
"""Is told of everybody who was answered."""
Check = Callable[[], Awaitable[str]]
"""Returns what to say when all is well; raises ServiceError otherwise."""


@dataclass(frozen=True, slots=True)
class Probes:
    """The answers of one process about itself: whether it lives, whether it is ready, and its metrics."""

    metrics: Metrics
    alive: Check
    ready: Check


class Problem(JSONResponse):
    """RFC 9457."""

    media_type = "application/problem+json"


def create_app(
    service: str,
    routers: Sequence[APIRouter],
    probes: Probes,
    *,
    tokens: Tokens,
    limits: Limits | None = None,
    audit: AuditLog | None = None,
) -> FastAPI:
    """The application of one process: probes in every role, the routes under `/<service>` where there are any."""
    app = Application(
        title=f"Bilet {service}",
        version="1",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # it has its own, which repeat no values
    )
    app.state.tokens = tokens
    app.state.limits = limits or Limits(LimitSettings(), bytes(32))
    app.state.exclusions = KnownExclusions(None)
    app.state.witness = nobody
    app.state.large_bodies = LargeBodies()
    app.openapi = cache(partial(openapi.document, app))  # type: ignore[method-assign]
    for router in [*routers, *([reference.routes(service)] if routers else []), _routes(probes)]:
        app.router.routes.extend(router.routes)
    answer_with_problems(app)
    app.add_exception_handler(PyMongoError, _database_error)
    app.state.audit = audit
    app.add_middleware(Measured, metrics=probes.metrics, audit=audit)
    return app


def nobody(_: Principal) -> None:
    """The witness of a service that has none."""


def answer_with_problems(app: FastAPI) -> None:
    """Gives every error of an application, and of its framework, the one form."""
    app.add_exception_handler(ServiceError, _service_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)


def _routes(probes: Probes) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/livez")
    async def livez() -> Response:
        return Response(f"{await probes.alive()}\n", media_type="text/plain")

    @router.get("/readyz")
    async def readyz() -> Response:
        return Response(f"{await probes.ready()}\n", media_type="text/plain")

    @router.get("/metrics")
    async def exposition() -> Response:
        return Response(generate_latest(probes.metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return router


async def _service_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ServiceError)
    error.errors = located(error.errors, request.scope.get("route"))
    return Problem(error.problem(), error.status, error.headers)


async def _validation_error(_: Request, error: Exception) -> Response:
    """422 with a pointer for each field; the values are never repeated."""
    assert isinstance(error, RequestValidationError)
    wrong = BadInput.of(FieldError(_where(complaint["loc"]), complaint["msg"]) for complaint in error.errors())
    return Problem(wrong.problem(), wrong.status)


def _where(location: Sequence[int | str]) -> str:
    """A JSON pointer into the body; `query:as_of` and the like for what is not in it."""
    kind, *path = location
    return pointer("", path) if kind == "body" else f"{kind}:{'.'.join(map(str, path))}"


async def _http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    slug = {404: "not-found", 405: "method-not-allowed"}.get(error.status_code, "http-error")
    problem = ServiceError(str(error.detail), slug=slug).problem() | {"status": error.status_code}
    headers = dict(error.headers or {})
    if "GET" in headers.get("Allow", "").split(", "):
        headers["Allow"] = f"{headers['Allow']}, HEAD"
    return Problem(problem, error.status_code, headers)


async def _database_error(_: Request, error: Exception) -> Response:
    """A database that does not answer is the caller's to wait for; its message may hold values and is not repeated."""
    logger.warning("database error", error=type(error).__name__)
    return Problem(Unavailable("the database does not answer").problem(), 503)


class Measured:
    """Counts and times every answer by its route, and has it written down who asked.

    It says that nobody keeps what is one person's to see. A pure ASGI middleware, so that streams stay streams.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, audit: AuditLog | None = None) -> None:
        self._app = app
        self._metrics = metrics
        self._audit = audit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes through; an error that nobody handled, other than that the caller left, becomes a 500 problem.

        HEAD is answered as GET is: the server leaves the content out, and a stream ends with its headers.
        """
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        seen = _Exchange(scope, receive, send, self._metrics, self._audit)
        try:
            with serving(seen.scope):
                await self._app(seen.scope, seen.receive, seen.send)
        except Exception as error:
            if seen.left and _follows_from_leaving(error):
                return
            logger.error("request failed", route=route_of(seen.scope), error=type(error).__name__, exc_info=error)
            if seen.status:
                raise
            answer = Problem(ServiceError("an error of ours; it is logged", slug="internal-error").problem(), 500)
            await answer(seen.scope, receive, seen.send)


class _Exchange:
    """One request and its answer, which pass by."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, metrics: Metrics, audit: AuditLog | None) -> None:
        self._bare = scope["method"] == "HEAD"
        self.scope = {**scope, "method": "GET"} if self._bare else scope
        self.status = 0
        self.left = False
        """True once the caller waits for nothing more."""
        self._receive, self._send = receive, send
        self._metrics, self._audit = metrics, audit
        self._noted: int | None = None
        self._began = time.perf_counter()

    async def receive(self) -> Message:
        """Passes on a part of the request."""
        message = await self._receive()
        self.left = self.left or message["type"] == "http.disconnect"
        return message

    async def send(self, message: Message) -> None:
        """Passes on a part of the answer: counted when it begins, and written down when it is known whom it shows."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._count(time.perf_counter() - self._began)
            if self.status < 400 and (who := self.scope.get(PRINCIPAL)) is not None:
                self.scope["app"].state.witness(who)
            _protect(self.scope, message)
        elif self._audit is not None:
            self._noted = self._audit.note(self.scope, self.status, self._noted)  # a stream tells later whom it shows
        await self._send(message)
        if self._bare and _begins_stream(message):
            self.left = True
            await self._send({"type": "http.response.body"})
            raise ClientDisconnect

    def _count(self, seconds: float) -> None:
        route = f"{self.scope['method']} {route_of(self.scope)}"
        self._metrics.requests.labels(route, str(self.status)).inc()
        self._metrics.request_seconds.labels(route).observe(seconds)


def _protect(scope: Scope, start: Message) -> None:
    """An answer is of the type that it says; one to a principal, and a problem, is kept by nobody unless it says so.

    FastAPI says `no-cache` of every stream, which would let it be kept.
    """
    headers = MutableHeaders(raw=start["headers"])
    headers["X-Content-Type-Options"] = "nosniff"
    if (standing := scope.get(STANDING)) is not None and "RateLimit" not in headers:
        headers.update(standing.fields)
    personal = PRINCIPAL in scope or start["status"] >= 400
    if personal and (_begins_stream(start) or "cache-control" not in headers):
        headers["Cache-Control"] = "no-store"


def _begins_stream(message: Message) -> bool:
    if message["type"] != "http.response.start":
        return False
    return MutableHeaders(raw=message["headers"]).get("content-type", "").startswith("text/event-stream")


def _follows_from_leaving(error: Exception) -> bool:
    """Tells an error that is nothing but the end of an answer that nobody reads any more."""
    if isinstance(error, ExceptionGroup):
        return all(map(_follows_from_leaving, error.exceptions))
    return isinstance(error, ClientDisconnect | BrokenResourceError | ClosedResourceError)
