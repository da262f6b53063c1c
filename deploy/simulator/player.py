"""Plays a plan: steps in their order, each after those it needs, as many at once as the platform keeps up with."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from deploy.simulator.acts import Step
from deploy.simulator.backlog import Backlog
from deploy.simulator.calls import Commands
from deploy.simulator.client import Client
from deploy.simulator.command import PlayError
from deploy.simulator.plan import Plan

Show = Callable[[int, float], None]
"""Shows how many events are visible, and how many become so a second."""


async def _go_on(fraction: float) -> None:
    """Makes no pause."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The pace of a play: requests at once, and after which fractions of its events it pauses."""

    concurrency: int = 48
    pause_at: Sequence[float] = ()
    at_pause: Callable[[float], Awaitable[None]] = _go_on
    """Called at a pause point with its fraction, when everything sent so far is visible."""


class Player:
    """Plays one plan once."""

    def __init__(
        self, plan: Plan, commands: Commands, client: Client, backlog: Backlog, pace: Pace, show: Show
    ) -> None:
        self._plan, self._commands, self._client = plan, commands, client
        self._backlog, self._pace, self._show = backlog, pace, show
        self._room = asyncio.Semaphore(pace.concurrency)
        self._tasks: list[asyncio.Task[None]] = []

    async def play(self) -> None:
        """Sends every step and waits until all its events are visible; raises `PlayError` at the first refusal."""
        total, sent = self._plan.events, 0
        pauses = sorted(self._pace.pause_at, reverse=True)
        async with asyncio.TaskGroup() as group:
            for step in self._plan.steps:
                if pauses and sent >= pauses[-1] * total:
                    await self._done(self._tasks)
                    await self._backlog.drained()
                    await self._pace.at_pause(pauses.pop())
                await self._done([self._tasks[need] for need in step.needs])
                await self._room.acquire()
                events = sum(step.events.values())
                await self._backlog.room(events)
                sent += events
                self._backlog.send(step.events)
                self._tasks.append(group.create_task(self._perform(step)))
        await self._backlog.drained()
        self._show(self._backlog.visible, self._backlog.throughput)

    async def _perform(self, step: Step) -> None:
        clock = asyncio.get_running_loop().time
        try:
            begun = clock()
            command = self._commands.of(step)
            if command is None:
                return
            answers = await self._client.perform(step.actor, command)
            self._backlog.answered(clock() - begun)
            self._commands.learn(step, answers)
            self._show(self._backlog.visible, self._backlog.throughput)
        except PlayError as error:
            raise PlayError(f"{step}: {error}") from error
        finally:
            self._room.release()

    async def _done(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        for task in tasks:
            if not task.done():
                await task
