"""A route of a service: whoever asks is judged by the headers alone, before a byte of the body is read."""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.base.errors import BadInput, BodyTooLarge, FieldError, UnsupportedMediaType
from shared.base.side_thread import LIGHT, aside
from shared.http.endpoints import Endpoint, is_plain, parts_of
from shared.http.large_bodies import is_large
from shared.http.openapi import file_types
from shared.http.received import BYTES_A_VALUE, Received, parse, pieces, read
from shared.identity.acting import PRINCIPAL, READING

KIB = 1024
LARGEST_BODY = 16 * KIB
"""Bytes of a body, where its route does not say otherwise (`max_body_size`)."""
BODY_SECONDS = 20.0
"""For a body to arrive, unless the application's state says otherwise (`body_seconds`)."""
FILE_TIMES = 6
"""A file may take so many times as long."""
FILE_ROOM = 1024 * KIB
"""Bytes of a file that are in memory at once."""
MOST_VALUES = 64 * 1024
"""In a body, however large: a hundred pupils give fifty thousand answers."""
LISTS = frozenset({"accept", "accept-language", "if-none-match"})
"""Headers that may be sent in several lines; of any other two, one would be passed over."""
CONDITIONS = frozenset({b"if-match", b"if-unmodified-since"})
CONDITIONS_OF_WRITES = CONDITIONS | {b"if-none-match"}
"""Headers under which a request must not be served unless they hold (RFC 9110), and which no route judges: a tag of a
read tells only a reader whether it has the answer."""
UNREADABLE = frozenset("\0\ufffd")
"""In a decoded query: the character that ends texts in C, and the one that stands for bytes that are not UTF-8."""


class Route(APIRoute):
    """Asks for the principal in the signature, the known parameters, the kind and the size of the body, in this order.

    Only then is the body read, within `max_body_size` bytes and the application's `body_seconds`; a large one waits for
    its turn before (`large_bodies`), and only what it takes itself counts.
    """

    def __init__(
        self, path: str, endpoint: Callable[..., Any], *, max_body_size: int | None = None, **options: Any
    ) -> None:
        self.largest_body = LARGEST_BODY if max_body_size is None else max_body_size
        self.file_types = file_types(options.get("openapi_extra"))
        """The media types of the file that is this route's body, which its endpoint reads piece by piece."""
        super().__init__(path, endpoint, **options)
        if is_plain(self):
            self.app = _answering(self.get_route_handler())

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint, or FastAPI's handler of one that streams, behind what is asked of the headers."""
        handle = Endpoint(self) if is_plain(self) else super().get_route_handler()
        parts = list(parts_of(self.dependant))
        permission = next((part.call for part in parts if getattr(part.call, "roles", ())), None)
        known = frozenset(field.alias for part in parts for field in part.query_params)
        single = [field.alias for part in parts for field in part.header_params if field.alias.lower() not in LISTS]
        largest = self.largest_body if self.body_field is not None or self.file_types else 0

        async def judged(request: Request) -> Response:
            if permission is not None:
                await permission(request)
            _must_be_unconditional(request)
            for header in single:
                if len(request.headers.getlist(header)) > 1:
                    raise BadInput.field(f"header:{header}", "is given more than once")
            if request.scope["query_string"]:
                _must_be_understood(request, known)
            if not _announces_body(request):
                if self.file_types:
                    raise BadInput.field("", "the file is missing")
                return await handle(Received(request.scope, request.receive))
            if self.file_types:
                acceptable(request, largest, *self.file_types)
                async with request.app.state.large_bodies.read.passed(FILE_ROOM, whose=_account(request)):
                    return await handle(request)
            acceptable(request, largest)
            size = largest if "transfer-encoding" in request.headers else int(request.headers["content-length"])
            if not is_large(size, largest):
                return await handle(_parsed(request, await _text(request, largest), largest))
            gates = request.app.state.large_bodies
            async with gates.read.passed(size, whose=_account(request)):
                text = await _text(request, largest)
                async with gates.served.taken():
                    received, text = await aside(partial(_parsed, request, text, largest), LIGHT), b""
                    return await handle(received)

        return judged


def _answering(handle: Callable[[Request], Coroutine[Any, Any, Response]]) -> ASGIApp:
    """The application of a plain route: errors are answered around it, and behind it nothing is to be closed."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        response = await handle(Request(scope, receive))
        await response(scope, receive, send)

    return app


def router_of(service: str, tag: str | None = None, **options: Any) -> APIRouter:
    """Returns a router of a service's routes: under its name, and with its tag; of no service where that is empty.

    The application takes its routes as they are: those of a router that is included are looked for by several steps
    each, which costs more than many a request.
    """
    options |= {"prefix": f"/{service}", "tags": [tag or service]} if service else {}
    return APIRouter(route_class=Route, generate_unique_id_function=lambda route: route.name, **options)


def _account(request: Request) -> str | None:
    who = request.scope.get(PRINCIPAL)
    return None if who is None else str(who.account)


async def _text(request: Request, largest: int) -> bytes:
    return await read(request, largest, _seconds(request))


def file_of(request: Request, largest: int) -> AsyncIterator[bytes]:
    """The pieces of the file that is the body of a request, as they come (`shared.http.received.pieces`)."""
    return pieces(request, largest, FILE_TIMES * _seconds(request))


def _seconds(request: Request) -> float:
    return float(getattr(request.app.state, "body_seconds", BODY_SECONDS))


def _parsed(request: Request, text: bytes, largest: int) -> Received:
    value = [parse(text, min(largest // BYTES_A_VALUE, MOST_VALUES))] if text else []
    return Received(request.scope, request.receive, *value)


def _must_be_unconditional(request: Request) -> None:
    """Raises BadInput for a condition that would be passed over."""
    conditions = CONDITIONS if request.method in READING else CONDITIONS_OF_WRITES
    for header, _ in request.scope["headers"]:
        if header in conditions:
            raise BadInput.field(f"header:{header.decode().title()}", "is a condition that this route does not judge")


def _must_be_understood(request: Request, known: frozenset[str]) -> None:
    """A parameter that is passed over would give an answer to something else than was asked."""
    faults = list(_faults(request, known))
    if faults:
        raise BadInput.of(faults)


def _faults(request: Request, known: frozenset[str]) -> Iterator[FieldError]:
    seen: set[str] = set()
    for name, value in request.query_params.multi_items():
        if name not in known:
            yield FieldError(f"query:{name}", "is not a parameter of this route")
        elif name in seen:
            yield FieldError(f"query:{name}", "is given more than once")
        elif not UNREADABLE.isdisjoint(value):
            yield FieldError(f"query:{name}", "holds what is not text in UTF-8")
        seen.add(name)


def _announces_body(request: Request) -> bool:
    return request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers


def acceptable(request: Request, largest: int, *media_types: str) -> None:
    """Judges by its headers a body of at most so many bytes, JSON unless other types are named.

    Raises UnsupportedMediaType, BodyTooLarge, or BadInput where there should be none.
    """
    if largest == 0:
        raise BadInput.field("", "this route takes no body")
    kind, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = parameters.replace(" ", "").replace('"', "").lower()
    known = media_types or ("application/json",)
    is_file = len(known) > 1
    if kind.strip().lower() not in known or not (is_file or charset in ("", "charset=utf-8")):
        raise UnsupportedMediaType(f"the body must be {' or '.join(known)}{'' if is_file else ' in UTF-8'}")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedMediaType("the body must not be compressed")
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or len(length) > 18 or int(length) > largest:
        raise BodyTooLarge.beyond(largest)
