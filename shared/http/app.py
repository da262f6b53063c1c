"""The HTTP face that all services share: problem documents, request metrics, probes."""

import time
from collections.abc import Awaitable, Callable, Sequence
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
from shared.http.audit import AuditLog
from shared.http.large_bodies import LargeBodies
from shared.http.limits import STANDING, Limits
from shared.http.request_fields import located
from shared.identity.acting import PRINCIPAL, route_of, serving
from shared.identity.tokens import Tokens

Check = Callable[[], Awaitable[str]]
"""Returns what to say when all is well; raises ServiceError otherwise."""


class Problem(JSONResponse):
    """RFC 9457."""

    media_type = "application/problem+json"


def create_app(
    service: str,
    routers: Sequence[APIRouter],
    *,
    tokens: Tokens,
    limits: Limits | None = None,
    metrics: Metrics,
    audit: AuditLog | None = None,
    alive: Check,
    ready: Check,
) -> FastAPI:
    """The application of one process: probes in every role, the routes under `/<service>` where there are any."""
    app = FastAPI(
        title=f"Bilet {service}",
        version="1",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.tokens = tokens
    app.state.limits = limits or Limits(LimitSettings(), bytes(32))
    app.state.large_bodies = LargeBodies()
    app.openapi = cache(partial(openapi.document, app))  # type: ignore[method-assign]
    for router in [*routers, *([reference.routes(service)] if routers else []), _probes(metrics, alive, ready)]:
        app.router.routes.extend(router.routes)
    answer_with_problems(app)
    app.add_exception_handler(PyMongoError, _database_error)
    app.state.audit = audit
    app.add_middleware(Measured, metrics=metrics, audit=audit)
    return app


def answer_with_problems(app: FastAPI) -> None:
    """Gives every error of an application, and of its framework, the one form."""
    app.add_exception_handler(ServiceError, _service_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)


def _probes(metrics: Metrics, alive: Check, ready: Check) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/livez")
    async def livez() -> Response:
        return Response(f"{await alive()}\n", media_type="text/plain")

    @router.get("/readyz")
    async def readyz() -> Response:
        return Response(f"{await ready()}\n", media_type="text/plain")

    @router.get("/metrics")
    async def exposition() -> Response:
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

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
        bare = scope["method"] == "HEAD"
        if bare:
            scope = {**scope, "method": "GET"}
        began, status, left = time.perf_counter(), 0, False
        noted: int | None = None

        async def listen() -> Message:
            nonlocal left
            message = await receive()
            left = left or message["type"] == "http.disconnect"
            return message

        async def observe(message: Message) -> None:
            nonlocal status, noted, left
            if message["type"] == "http.response.start":
                status = message["status"]
                self._count(scope, status, time.perf_counter() - began)
                _protect(scope, message)
            elif self._audit is not None:
                noted = self._audit.note(scope, status, noted)  # a stream tells later whom it shows
            await send(message)
            if bare and _begins_stream(message):
                left = True
                await send({"type": "http.response.body"})
                raise ClientDisconnect

        try:
            with serving(scope):
                await self._app(scope, listen, observe)
        except Exception as error:
            if left and _follows_from_leaving(error):
                return
            logger.error("request failed", route=route_of(scope), error=type(error).__name__, exc_info=error)
            if status:
                raise
            answer = Problem(ServiceError("an error of ours; it is logged", slug="internal-error").problem(), 500)
            await answer(scope, receive, observe)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        route = f"{scope['method']} {route_of(scope)}"
        self._metrics.requests.labels(route, str(status)).inc()
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
