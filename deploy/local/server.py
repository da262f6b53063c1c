"""What every provider gives: a running server, or one clear sentence that says why not."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

Say = Callable[[str], None]


class StackError(Exception):
    """The local stack cannot start or go on; the message is the one sentence to print."""


class NoInfrastructure(StackError):
    """None of the three ways to Kafka and MongoDB is open on this machine; the command line exits with 2."""


@dataclass(frozen=True)
class Server:
    """A Kafka or MongoDB that answers.

    `address` is what clients are given: a list of `host:port`, or a `mongodb://` URL. `pid` is None where it is no
    process that we started. `died` returns only when the server is gone, with the sentence that says so.
    """

    address: str
    pid: int | None
    died: Callable[[], Awaitable[str]]


async def never_dies() -> str:
    """The `died` of a server that somebody else looks after."""
    await asyncio.Event().wait()
    raise AssertionError("unreachable: nobody sets this event")


async def first_answer(name: str, probe: Callable[[], Awaitable[None]], died: Awaitable[str], seconds: float) -> None:
    """Repeat `probe` until it returns; it raises OSError or TimeoutError while the server is not there yet.

    Raises StackError when the server dies first, or after `seconds`.
    """
    answering = asyncio.ensure_future(_repeat(probe))
    dying = asyncio.ensure_future(died)
    try:
        await asyncio.wait({answering, dying}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if answering.done():
            return answering.result()
        if dying.done():
            raise StackError(dying.result())
        raise StackError(f"{name} did not answer within {seconds:g} seconds")
    finally:
        for waiting in (answering, dying):
            waiting.cancel()
        await asyncio.gather(answering, dying, return_exceptions=True)


async def _repeat(probe: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            return await probe()
        except (OSError, TimeoutError):
            await asyncio.sleep(0.1)
