"""`bilet feed tail`: a feed on standard output, one JSON event a line, for as long as somebody reads it."""

import asyncio
import json
import os
import stat
import sys
from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO

from deploy.feed import Feed
from deploy.local.server import Say


class Tail:
    """Prints one feed; `cursor` stands behind what was printed."""

    def __init__(self, feed: Feed, after: str, output: BinaryIO, say: Say) -> None:
        self.cursor = after
        self._feed, self._output, self._say = feed, output, say

    async def run(self, *, until_end: bool) -> None:
        """Prints until the end, if asked to, or until nobody reads; raises FeedRefused, and BrokenPipeError at once.

        However else it ends, the cursor is said: with it the next run begins where this one ended.
        """
        printing = asyncio.ensure_future(self._print(until_end))
        left = asyncio.ensure_future(_left(self._output))
        try:
            await asyncio.wait({printing, left}, return_when=asyncio.FIRST_COMPLETED)
            if not printing.done():
                raise BrokenPipeError
            printing.result()
            self._say_cursor()
        except asyncio.CancelledError:
            self._say_cursor()
            raise
        finally:
            printing.cancel()
            left.cancel()
            await asyncio.gather(printing, left, return_exceptions=True)

    async def _print(self, until_end: bool) -> None:
        async for page in self._feed.follow(self.cursor, self._say, until_end=until_end):
            self._output.write(_lines(page["events"]))
            self._output.flush()
            self.cursor = page["next"]

    def _say_cursor(self) -> None:
        self._say(f"To go on from here: --after {self.cursor}")


def standard_error(text: str) -> None:
    """Where a tail says what is no event."""
    print(text, file=sys.stderr, flush=True)


def _lines(events: Iterable[Mapping[str, Any]]) -> bytes:
    return "".join(f"{json.dumps(event, ensure_ascii=False, separators=(',', ':'))}\n" for event in events).encode()


async def _left(output: BinaryIO) -> None:
    """Returns when the reader of a pipe has gone, which a write would notice only at the next event."""
    gone = asyncio.Event()
    if stat.S_ISFIFO(os.fstat(output.fileno()).st_mode):
        asyncio.get_running_loop().add_reader(output.fileno(), gone.set)
    await gone.wait()
