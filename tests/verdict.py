"""What a fault test says when it fails: in one line, which fault or which invariant it was."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

SHOWN = 3


class Broken(AssertionError):
    """A fault was not survived, or an invariant does not hold; the message is one line."""


def same(invariant: str, found: Any, expected: Any) -> None:
    """Raises Broken, which names the invariant and the first differences, unless both are equal."""
    if found != expected:
        raise Broken(f"invariant broken: {invariant}: {difference(found, expected)}")


def difference(found: Any, expected: Any) -> str:
    """Where two values differ, in a few words."""
    if isinstance(found, Mapping) and isinstance(expected, Mapping):
        keys = sorted(found.keys() | expected.keys(), key=str)
        parts = [(key, found.get(key), expected.get(key)) for key in keys if found.get(key) != expected.get(key)]
    elif isinstance(found, list) and isinstance(expected, list) and len(found) == len(expected):
        parts = [(place, a, b) for place, (a, b) in enumerate(zip(found, expected, strict=True)) if a != b]
    else:
        return f"{_short(found)} where {_short(expected)} is due"
    told = "; ".join(f"{key}: {difference(a, b)}" for key, a, b in parts[:SHOWN])
    return f"{told}; and {len(parts) - SHOWN} more" if len(parts) > SHOWN else told


def _short(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 100 else f"{text[:100]}…"


@contextmanager
def one_failure(of: str) -> Iterator[None]:
    """Tasks that fail together fail in one line: the first that is a verdict, else the first; `of` says of what."""
    try:
        yield
    except BaseExceptionGroup as group:
        leaves = list(_leaves(group))
        first = next((leaf for leaf in leaves if isinstance(leaf, Broken)), leaves[0])
        if isinstance(first, Broken):
            raise first from None
        raise Broken(f"{of}: {type(first).__name__}: {' '.join(str(first).split())}") from first


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _leaves(each)
    else:
        yield error
