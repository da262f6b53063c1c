"""The body of a request as it is received: within a size and a time, and JSON."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any

from fastapi import Request
from pydantic_core import from_json
from starlette.types import Receive, Scope

from shared.base.errors import BadInput, BodyTooLarge, BrokenOff, MalformedJson, TooSlow

BYTES_A_VALUE = 8
"""No body needs fewer on average; it bounds how many values a text of a given size may hold."""
MARKS = set(b",[{")
"""Outside of texts one stands before nearly every value."""
NO_MARKS, NO_MARKS_OR_QUOTES = bytes(set(range(256)) - MARKS), bytes(set(range(256)) - MARKS - set(b'"'))
NO_ESCAPE = re.compile(rb"[^\\]")
SLICE = 128 * 1024
"""Bytes that are looked at together."""
STRETCH, REST_SECONDS = 256 * 1024, 0.005
"""After so many bytes of a body others are served for so long: a sender nearby would fill every turn of the loop."""
LONGEST_NUMBER = 20
"""Digits of a number of 64 bits."""


class Received(Request):
    """A request whose body has been read and parsed; it holds the value alone, not the text too."""

    def __init__(self, scope: Scope, receive: Receive, *value: Any) -> None:
        super().__init__(scope, receive)
        self._value = value

    async def body(self) -> bytes:
        """Something where there is a body; FastAPI asks for no more."""
        return b"read" if self._value else b""

    async def json(self) -> Any:
        """The value of the body."""
        return self._value[0]


async def read(request: Request, most: int, seconds: float) -> bytes:
    """The body's bytes; raises BodyTooLarge beyond `most`, TooSlow after `seconds`, BrokenOff where the sender left."""
    parts, size, rested = [], 0, 0
    try:
        async with asyncio.timeout(seconds):
            more = True
            while more:
                message = await request.receive()
                if message["type"] == "http.disconnect":
                    raise BrokenOff("the sender left before the body was there")
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                if size > most:
                    raise BodyTooLarge.beyond(most)
                more = message.get("more_body", False)
                if more and size - rested >= STRETCH:
                    await asyncio.sleep(REST_SECONDS)
                    rested = size
    except TimeoutError:
        raise TooSlow(f"the body was not there within {seconds:g} seconds") from None
    return parts[0] if len(parts) == 1 else b"".join(parts)


async def pieces(request: Request, most: int, seconds: float) -> AsyncIterator[bytes]:
    """Yields the body's bytes as they come, for a file that is kept piece by piece; raises as `read` does.

    Only what the sender takes counts, not what is done with a piece.
    """
    size, taken, clock = 0, 0.0, asyncio.get_running_loop().time
    more = True
    while more:
        began = clock()
        try:
            async with asyncio.timeout(max(0.0, seconds - taken)):
                message = await request.receive()
        except TimeoutError:
            raise TooSlow(f"the body was not there within {seconds:g} seconds") from None
        taken += clock() - began
        if message["type"] == "http.disconnect":
            raise BrokenOff("the sender left before the body was there")
        piece = message.get("body", b"")
        size += len(piece)
        if size > most:
            raise BodyTooLarge.beyond(most)
        more = message.get("more_body", False)
        if piece:
            yield piece


def parse(text: bytes, most_values: int) -> Any:
    """The value of a JSON text in UTF-8 with at most so many values in it; of two members of one name the last counts.

    Halves of surrogate pairs, infinities and numbers of any length come through, so that the field that holds one is
    named where it is validated. Raises MalformedJson, or BadInput for too many values or levels.
    """
    if _is_beyond(text, most_values):
        raise BadInput.field("", f"holds more than {most_values} values")
    try:
        return from_json(text, cache_strings="keys")
    except ValueError as error:
        if "recursion" in str(error):
            raise BadInput.field("", "is nested too deep") from None
        return _parse_leniently(text)


def _is_beyond(text: bytes, most: int) -> bool:
    """Tells that there are more values than `most`: commas and brackets are counted, exactly only where that may be.

    A slice at a time, since a text that is full of values shows it early.
    """
    return len(text) >= most and _has_marks(text, most) and _has_values(text, most)


def _has_marks(text: bytes, most: int) -> bool:
    marks = 0
    for begin in range(0, len(text), SLICE):
        marks += len(text[begin : begin + SLICE].translate(None, NO_MARKS))
        if marks >= most:
            return True
    return False


def _has_values(text: bytes, most: int) -> bool:
    marks = quotes = begin = 0
    while begin < len(text):
        plain = NO_ESCAPE.search(text, begin + SLICE - 1)
        end = plain.end() if plain else len(text)  # an escape stays in one piece
        bare = text[begin:end].replace(b"\\\\", b"").replace(b'\\"', b"").translate(None, NO_MARKS_OR_QUOTES)
        quoted = bare.replace(b'""', b"")  # a text with a mark in it keeps its quotes, whatever stands beside it
        pieces = quoted.split(b'"')
        marks += sum(map(len, pieces[quotes % 2 :: 2]))
        quotes += len(pieces) - 1
        if marks >= most or quotes > 4 * most:  # so many texts are too many themselves, as names or as values
            return True
        begin = end
    return False


def _parse_leniently(text: bytes) -> Any:
    try:
        return json.loads(text.decode(), parse_int=_number)
    except UnicodeDecodeError as error:
        raise MalformedJson.because(f"is not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise MalformedJson.because(f"{error.msg} at character {error.pos}") from None
    except RecursionError:
        raise BadInput.field("", "is nested too deep") from None


def _number(digits: str) -> int | float:
    return int(digits) if len(digits) <= LONGEST_NUMBER else float(digits)
