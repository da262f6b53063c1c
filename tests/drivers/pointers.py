"""Looks at the pointers of every refusal that a test's client gets: each names a field that its request could have."""

import json
from collections.abc import Iterator
from typing import Any

import aiohttp
from yarl import URL

from tests.drivers.documents import operation_at

KINDS = ("query", "path", "header")


async def checked(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """A client's middleware; fails the test whose answer names a field that does not exist."""
    answer = await send(request)
    if answer.content_type not in ("application/json", "application/problem+json"):
        return answer
    raw = await answer.read()
    pointers = list(named(json.loads(raw))) if b'"pointer"' in raw else []
    if pointers:
        body = await request.body.as_bytes() if request.body else b""
        for where in pointers:
            assert stands(where, request.method, request.url, body), (
                f"{request.method} {request.url.path} has no {where}: {raw.decode()[:500]}"
            )
    return answer


def named(answer: Any) -> Iterator[str]:
    """The pointers of a problem document, or of those of a batch's items."""
    if isinstance(answer, dict):
        for error in answer.get("errors") or ():
            yield error["pointer"]
        for part in (answer.get("problem"), *(answer.get("items") or ())):
            yield from named(part)


def stands(pointer: str, method: str, url: URL, body: bytes) -> bool:
    """Whether the request has what a pointer names, or its route declares it."""
    kind, colon, name = pointer.partition(":")
    if colon and kind in KINDS:
        sent = url.query if kind == "query" else {}
        return name in sent or (kind, name.lower()) in _parameters(method, url)
    if pointer == "":  # the whole body, also one that is missing or no JSON
        return bool(body) or method in ("POST", "PUT", "PATCH")
    return bool(body) and (_leads(pointer, json.loads(body)) if body[:1] in b"[{" else _is_line(pointer, body))


def _is_line(pointer: str, table: bytes) -> bool:
    """Whether a pointer begins with the number of a line of a CSV file."""
    line = pointer.removeprefix("/").partition("/")[0]
    return line.isdecimal() and 1 <= int(line) <= len(table.splitlines())


def _parameters(method: str, url: URL) -> set[tuple[str, str]]:
    declared = (operation_at(method, url.raw_path) or {}).get("parameters", ())
    return {(parameter["in"], parameter["name"].lower()) for parameter in declared}


def _leads(pointer: str, value: Any) -> bool:
    """Whether a JSON pointer leads to a value, or to a field that an object lacks."""
    if not pointer.startswith("/"):
        return False
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    for place, part in enumerate(parts, 1):
        if isinstance(value, dict):
            if part not in value:
                return place == len(parts)
            value = value[part]
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return False
    return True
