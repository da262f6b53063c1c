"""Requests that are wrong somewhere: each part of a body, each parameter, said in the ways that break things."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle, islice
from typing import Any
from urllib.parse import quote
from zlib import crc32

from tests.builders.thorough import THOROUGH

MARK = "@here@"
VALUES = (
    "1e400",
    "NaN",
    "-Infinity",
    "9223372036854775808",
    "-9223372036854775809",
    "9" * 5000,
    "0.5",
    "-1",
    "true",
    "null",
    '""',
    '" "',
    '"0"',
    '"\\u0000"',
    '"\\ud800"',
    '"a\\udfff"',
    '"\\u202e\\u200b"',
    '"\\ud83d\\ude00"',
    '"$where"',
    '"a.b"',
    '"%00"',
    '"../../x"',
    '"2020-02-30"',
    '"0001-01-01T00:00:00+14:00"',
    '"9999-12-31T23:59:59-12:00"',
    f'"{"x" * 5000}"',
    "[]",
    "{}",
    "[null]",
    '{"\\ud800": 1}',
    '{"$gt": ""}',
    "[" * 150 + "]" * 150,
    "[" * 1500 + "]" * 1500,
)
"""JSON texts, or nearly."""
PARTS = (
    "%00",
    "%FF",
    "%ED%A0%80",
    "%F0%9F%98%80",
    "%E2%80%AE",
    "a%2Fb",
    "..",
    "%24where",
    "-1",
    "1e400",
    "9" * 400,
    "x" * 4000,
    "%C2%A0",
    "",
)
"""Parts of an address or a query."""
HEADERS = (b"\x80", b"\xff\xfe", b"x" * 5000, b"", b"%00", b"\xf0\x9f\x98\x80")


def bodies(sound: Any) -> Iterator[bytes]:
    """The texts of a body with one part of it replaced, left out, doubled or added."""
    values = _round(VALUES, json.dumps(sound))
    for path in _paths(sound):
        marked = json.dumps(_put(sound, path, MARK))
        for value in _next(values, VALUES, 4):
            yield marked.replace(f'"{MARK}"', value, 1).encode()
    yield json.dumps(sound).encode("utf-16")
    yield json.dumps(sound).encode()[:-1]
    if isinstance(sound, Mapping):
        for name in sound:
            yield json.dumps({key: value for key, value in sound.items() if key != name}).encode()
            yield json.dumps({**sound, f"{name}x": 1}).encode()
            yield json.dumps(sound)[:-1].encode() + f', "{name}": null}}'.encode()


def _round(of: Sequence[str], begin: str) -> Iterator[str]:
    """All of them again and again; where it begins differs by what is asked."""
    return islice(cycle(of), crc32(begin.encode()) % len(of), None)


def _next(rest: Iterator[str], of: Sequence[str], some: int) -> Iterator[str]:
    """Every part is said in every way when tests are thorough; else in some, and the next one in those that follow."""
    return islice(rest, len(of) if THOROUGH else some)


def _paths(value: Any) -> Iterator[tuple[Any, ...]]:
    yield ()
    parts = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list | tuple) else ()
    for key, part in parts:
        for path in _paths(part):
            yield (key, *path)


def _put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    first, *rest = path
    copied: Any = dict(value) if isinstance(value, Mapping) else list(value)
    copied[first] = _put(value[first], tuple(rest), new)
    return copied


def addresses(template: str, parameters: Mapping[str, str], queries: Mapping[str, str]) -> Iterator[str]:
    """The addresses of a route with one parameter replaced; the others are sound."""
    sound = template.format_map({name: quote(value) for name, value in parameters.items()})
    query = "&".join(f"{name}={quote(value)}" for name, value in queries.items())
    yield f"{sound}?{query}&{'x' * 100}=%00"
    parts = _round(PARTS, template)
    for name in parameters:
        for part in _next(parts, PARTS, 3):
            broken = template.format_map({**{n: quote(v) for n, v in parameters.items()}, name: part})
            yield f"{broken}?{query}"
    for name in queries:
        for part in _next(parts, PARTS, 3):
            others = "&".join(f"{n}={quote(v)}" for n, v in queries.items() if n != name)
            yield f"{sound}?{others}&{name}={part}"
