"""An endpoint as its route calls it: what of its signature is fixed is found out once, and not for each request.

The rules are FastAPI's, and so are the readers of single parameters. Left out is what no route of a service asks for,
though the framework sees to it at every call: files and forms, work in threads, dependencies that end after the answer.
"""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from fastapi import Request, Response
from fastapi.datastructures import DefaultPlaceholder
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_body_to_args, request_params_to_args
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute, serialize_response
from pydantic_core import PydanticUndefined


def parts_of(dependant: Dependant) -> Iterator[Dependant]:
    """Yields a route's signature and those of its dependencies, however deep."""
    yield dependant
    for part in dependant.dependencies:
        yield from parts_of(part)


def is_plain(route: APIRoute) -> bool:
    """Tells that a route is answered in one piece by functions that are awaited, so that an Endpoint can call it."""
    parts = list(parts_of(route.dependant))
    awaited = all(inspect.iscoroutinefunction(part.call) for part in parts)
    rare = any(part.cookie_params or part.background_tasks_param_name or part.concurrency for part in parts)
    made = route.endpoint.__annotations__.get("return")
    whole = inspect.isclass(made) and issubclass(made, Response)
    in_json = route.response_field is not None and isinstance(route.response_class, DefaultPlaceholder)
    return awaited and not rare and (whole or in_json)


class Endpoint:
    """The endpoint of a plain route."""

    def __init__(self, route: APIRoute) -> None:
        self._route = route
        self._signature = route.dependant
        self._shapes = any(part.response_param_name for part in parts_of(route.dependant))
        """True where a part of the signature says something about the response before it is there."""

    async def __call__(self, request: Request) -> Response:
        """Returns the answer to a request; raises RequestValidationError for parameters or a body that are not fit."""
        body = await request.json() if self._route.body_field and await request.body() else PydanticUndefined
        call = _Call(self._route, request, body, _unsaid() if self._shapes else None)
        values = await call.values_of(self._signature)
        if call.faults:
            raise RequestValidationError(call.faults, body=None if body is PydanticUndefined else body)
        made = await self._route.endpoint(**values)
        return made if isinstance(made, Response) else await self._response(made, call.said)

    async def _response(self, made: Any, said: Response | None) -> Response:
        """The answer in JSON, with the status and the headers that were said while it was made."""
        content = await serialize_response(
            field=self._route.response_field,
            response_content=made,
            exclude_none=self._route.response_model_exclude_none,
            dump_json=True,
        )
        status = (said and said.status_code) or self._route.status_code or 200
        response = Response(content, status, media_type="application/json")
        if said is not None:
            response.headers.raw.extend(said.headers.raw)
        return response


class _Call:
    """One call: the values found so far, and the faults."""

    def __init__(self, route: APIRoute, request: Request, body: Any, said: Response | None) -> None:
        self.faults: list[Any] = []
        self.said = said
        self._route = route
        self._request = request
        self._body = body
        self._known: dict[Callable[..., Any] | None, Any] = {}
        """By dependency, which is asked once for all who name it."""

    async def values_of(self, part: Dependant) -> dict[str, Any]:
        """Returns the values of a part's parameters, as far as they have no fault."""
        values: dict[str, Any] = {}
        for inner in part.dependencies:
            if await self._knows(inner) and inner.name is not None:
                values[inner.name] = self._known[inner.call]
        self._read(part, values)
        if part.body_params:
            fields, body = part.body_params, self._body
            found, faults = await request_body_to_args(fields, body, self._route._embed_body_fields)
            values |= found
            self.faults += faults
        if part.request_param_name is not None:
            values[part.request_param_name] = self._request
        if part.response_param_name is not None:
            values[part.response_param_name] = self.said
        return values

    async def _knows(self, inner: Dependant) -> bool:
        """Asks a dependency, unless another part has asked it; false where its own parameters have faults."""
        if inner.call not in self._known:
            before = len(self.faults)
            values = await self.values_of(inner)
            if len(self.faults) > before:
                return False
            assert inner.call is not None
            self._known[inner.call] = await inner.call(**values)
        return True

    def _read(self, part: Dependant, values: dict[str, Any]) -> None:
        request = self._request
        places: tuple[tuple[Any, Callable[[], Any]], ...] = (
            (part.path_params, lambda: request.path_params),
            (part.query_params, lambda: request.query_params),
            (part.header_params, lambda: request.headers),
        )
        for fields, place in places:
            if fields:
                found, faults = request_params_to_args(fields, place())
                values |= found
                self.faults += faults


def _unsaid() -> Response:
    """A response of which nothing is said yet."""
    response = Response()
    del response.headers["content-length"]
    response.status_code = 0
    return response
