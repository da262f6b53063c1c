"""Group commit: commands that arrive while a transaction is under way share the next one."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from pymongo.errors import ConnectionFailure

from shared.base.errors import ServiceError

C = TypeVar("C")
R = TypeVar("R")
MOST = 500
"""How much goes into one transaction, which has to end within the server's limit on its life."""


class GroupCommit(Generic[C, R]):
    """Runs commands in the order in which they came, one group at a time.

    Under load a group is what came meanwhile, without load it is one command; nobody ever waits for a group to fill.
    `run` does a whole group in one transaction and gives each command's outcome in order; `weigh` says how many
    objects a command touches. Commands of one queue no longer conflict with each other; what keeps all others apart is
    still the transaction. A caller that hangs up is served all the same, so a command must be safe to send again.
    """

    def __init__(
        self,
        run: Callable[[Sequence[C]], Awaitable[Sequence[R | ServiceError]]],
        weigh: Callable[[C], int],
        most: int = MOST,
    ) -> None:
        self._run = run
        self._weigh = weigh
        self._most = most
        self._waiting: deque[tuple[C, asyncio.Future[R]]] = deque()
        self._running: asyncio.Task[None] | None = None

    async def submit(self, command: C) -> R:
        """The command's own outcome; raises what it was refused with, or why its transaction failed."""
        outcome: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((command, outcome))
        if self._running is None:
            self._running = asyncio.create_task(self._run_all())
        return await outcome

    async def _run_all(self) -> None:
        try:
            while self._waiting:
                await self._run_group(self._next_group())
        finally:
            self._running = None

    def _next_group(self) -> list[tuple[C, asyncio.Future[R]]]:
        """Takes those at the head that fit together; a command heavier than the bound goes alone."""
        group = [self._waiting.popleft()]
        weight = self._weigh(group[0][0])
        while self._waiting and (weight := weight + self._weigh(self._waiting[0][0])) <= self._most:
            group.append(self._waiting.popleft())
        return group

    async def _run_group(self, group: Sequence[tuple[C, asyncio.Future[R]]]) -> None:
        outcomes: Sequence[R | Exception]
        try:
            outcomes = await self._run([command for command, _ in group])
            if len(outcomes) != len(group):  # whoever is left without one would wait for ever
                raise ValueError(f"{len(outcomes)} outcomes of {len(group)} commands")
        except Exception as error:
            if len(group) > 1 and not isinstance(error, ConnectionFailure):
                for alone in group:  # what one of them cannot survive is not the others' fault
                    await self._run_group([alone])
                return
            outcomes = [error] * len(group)
        for (_, waiting), outcome in zip(group, outcomes, strict=True):
            _settle(waiting, outcome)


def _settle(waiting: asyncio.Future[R], outcome: R | Exception) -> None:
    """Hands an outcome over, unless the asker has gone."""
    if waiting.done():
        return
    if isinstance(outcome, Exception):
        waiting.set_exception(outcome)
    else:
        waiting.set_result(outcome)
