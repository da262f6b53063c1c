"""The application of a process: between the server and an endpoint stands nothing that a service has no use for."""

from functools import cached_property

from fastapi import APIRouter, FastAPI
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from fastapi.routing import APIRoute
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send


class Application(FastAPI):
    """FastAPI without its telemetry, its own bound of bodies and its own answer to errors that nobody handled.

    Of all three a service has its own, and a request passes each of them twice, with every part of its answer.
    """

    def build_middleware_stack(self) -> ASGIApp:
        """Returns the middlewares that were added, and below them the handlers of errors and the routes."""
        routed = AsyncExitStackMiddleware(ByShape(self.router))
        app: ASGIApp = ExceptionMiddleware(routed, handlers=self.exception_handlers)
        for cls, args, kwargs in reversed(self.user_middleware):
            app = cls(app, *args, **kwargs)
        return app


class ByShape:
    """Routes in the order in which they stand, of which a request is compared only with those of its path's shape.

    An expression for each of a hundred routes would cost a request more than its endpoint. A path that has no route's
    shape is asked for among all of them, which is how the framework says that there is none.
    """

    def __init__(self, router: APIRouter) -> None:
        self._all = router

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers by the first route that matches."""
        path: str = "" if scope["type"] != "http" or scope.get("root_path") else scope["path"]
        await self._by_shape.get(_shape(path), self._all)(scope, receive, send)

    @cached_property
    def _by_shape(self) -> dict[tuple[int, str], APIRouter]:
        """A router for each shape, with the routes that have it or none."""
        routes = [(route, _shape_of(route)) for route in self._all.routes]
        found: dict[tuple[int, str], APIRouter] = {}
        for shape in {shape for _, shape in routes if shape is not None}:
            found[shape] = APIRouter(redirect_slashes=False)
            found[shape].routes.extend(route for route, its in routes if its in (shape, None))
        return found


def _shape(path: str) -> tuple[int, str]:
    """The number of a path's slashes, and its second part."""
    return path.count("/"), "".join(path.split("/", 3)[2:3])


def _shape_of(route: BaseRoute) -> tuple[int, str] | None:
    """The shape of all paths that a route matches; None where they have several."""
    if not isinstance(route, APIRoute) or ":path}" in route.path or "{" in _shape(route.path)[1]:
        return None
    return _shape(route.path)
