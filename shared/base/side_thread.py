"""The thread beside the event loop: long work of the processor that touches nothing but its own values."""

import asyncio
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from typing import TypeVar

T = TypeVar("T")
LIGHT = 100
"""Fewer objects than these, such as lines of a roster, are done sooner than handed over."""
TURN_SECONDS = 0.0002
"""The loop gets the interpreter back so soon: a request asks for it some ten times until it is answered."""
STRETCH_SECONDS = 0.003
"""Work on one object after another rests when it has gone on for so long: shorter than what others wait for anyway."""
HEAVY = 500
"""More objects than these are of one large request alone: those that share a transaction are fewer."""
_RESTS: ContextVar[bool] = ContextVar("rests", default=False)
_THREAD = ThreadPoolExecutor(1, "side")
"""One for the process: several would only take the interpreter from each other, and from the loop."""


async def aside(work: Callable[[], T], weight: int, rests: bool = False) -> T:
    """The result of work on so many objects: at once where they are few, else beside the loop, which serves others.

    Pure work needs no lock there; meanwhile the caller must leave alone what it changes. What is `paced` in it rests
    where that is said, or where the objects are many: what others share with it is not to last longer.
    """
    if weight < LIGHT:
        return work()
    context = copy_context()
    context.run(_RESTS.set, rests or weight > HEAVY)
    return await asyncio.get_running_loop().run_in_executor(_THREAD, context.run, _often_interrupted, work)


def _often_interrupted(work: Callable[[], T]) -> T:
    usual = sys.getswitchinterval()
    sys.setswitchinterval(TURN_SECONDS)
    try:
        return work()
    finally:
        sys.setswitchinterval(usual)


def paced(items: Iterable[T]) -> Iterator[T]:
    """Yields the items; whoever works on them beside the loop rests after each stretch, for as long as it was.

    Turns alone give the loop half of the interpreter, and a request needs many of them.
    """
    if not _RESTS.get():
        yield from items
        return
    began = time.monotonic()
    for item in items:
        yield item
        if (worked := time.monotonic() - began) > STRETCH_SECONDS:
            time.sleep(worked)
            began = time.monotonic()
