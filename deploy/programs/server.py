"""A running server, as every provider gives it, or one clear sentence that says why there is none."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

Say = Callable[[str], None]


class StackError(Exception):
    """The local stack cannot start or go on; the message is the one sentence to print."""


class NoInfrastructure(StackError):
    """None of the three ways to Kafka and MongoDB is open on this machine; the command line exits with 2."""


async def never_dies() -> str:
    """The `died` of a server that somebody else looks after."""
    end: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    return await end


@dataclass(frozen=True)
class Server:
    """A Kafka or MongoDB that answers.

    `address` is what clients are given: a list of `host:port`, or a `mongodb://` URL. `pid` is None where it is no
    process that we started. `died` returns only when the server is gone, with the sentence that says so.
    """

    address: str
    pid: int | None = None
    died: Callable[[], Awaitable[str]] = never_dies


async def first_answer(name: str, probe: Callable[[], Awaitable[None]], died: Awaitable[str], seconds: float) -> None:
    """Repeats `probe` until it returns; it raises OSError or TimeoutError while the server is not there yet.

    Raises StackError when the server dies first, or after `seconds`.
    """

    async def answer() -> None:
        while True:
            try:
                return await probe()
            except (OSError, TimeoutError):
                await asyncio.sleep(0.1)

    answering, dying = asyncio.ensure_future(answer()), asyncio.ensure_future(died)
    try:
        await asyncio.wait({answering, dying}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if answering.done():
            return answering.result()
        raise StackError(dying.result() if dying.done() else f"{name} did not answer within {seconds:g} seconds")
    finally:
        answering.cancel()
        dying.cancel()
        await asyncio.gather(answering, dying, return_exceptions=True)
