"""Plays a plan: steps in their order, each after those it needs, as many at once as the platform keeps up with."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from deploy.simulator.backlog import Backlog
from deploy.simulator.client import Client
from deploy.simulator.command import PlayError
from deploy.simulator.commands import Commands
from deploy.simulator.plan import Plan
from deploy.simulator.progress import Show
from deploy.simulator.steps import Step

AtPause = Callable[[float], Awaitable[None]]
"""Called at a pause point with its fraction, when everything sent so far is visible."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How a plan is played: requests at once, events a second at most (none: unlimited), and where it pauses."""

    concurrency: int = 48
    events_per_second: float | None = None
    pause_at: Sequence[float] = ()


class Player:
    """Plays one plan once."""

    def __init__(
        self,
        plan: Plan,
        commands: Commands,
        client: Client,
        backlog: Backlog,
        pace: Pace,
        at_pause: AtPause,
        show: Show,
    ) -> None:
        self._plan, self._commands, self._client, self._backlog = plan, commands, client, backlog
        self._pace, self._at_pause, self._show = pace, at_pause, show
        self._room = asyncio.Semaphore(pace.concurrency)
        self._tasks: list[asyncio.Task[None]] = []

    async def play(self) -> None:
        """Send every step and wait until all its events are visible; raises `PlayError` at the first refusal."""
        total, sent = self._plan.events, 0
        pauses = sorted(self._pace.pause_at, reverse=True)
        begun = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as group:
            for step in self._plan.steps:
                if pauses and sent >= pauses[-1] * total:
                    await self._pause(pauses.pop())
                sent += step_events(step)
                await self._admit(step)
                self._backlog.send(step.events)
                self._tasks.append(group.create_task(self._perform(step)))
                await self._keep_pace(begun, sent)
        await self._backlog.drained()
        self._show(self._backlog.visible, self._backlog.throughput)

    async def _admit(self, step: Step) -> None:
        for need in step.needs:
            await self._finished(self._tasks[need])
        await self._room.acquire()
        await self._backlog.room(step_events(step))

    async def _perform(self, step: Step) -> None:
        clock = asyncio.get_running_loop().time
        try:
            begun = clock()
            command = self._commands.of(step)
            if command is None:
                return
            answers = await self._client.perform(step.actor, command)
            self._backlog.answered(clock() - begun)
            self._commands.ledger.learn(step, answers)
            self._show(self._backlog.visible, self._backlog.throughput)
        except PlayError as error:
            raise PlayError(f"{step}: {error}") from error
        finally:
            self._room.release()

    async def _pause(self, fraction: float) -> None:
        for task in self._tasks:
            await self._finished(task)
        await self._backlog.drained()
        await self._at_pause(fraction)

    async def _finished(self, task: asyncio.Task[None]) -> None:
        if not task.done():
            await task

    async def _keep_pace(self, begun: float, sent: int) -> None:
        if self._pace.events_per_second is not None:
            due = begun + sent / self._pace.events_per_second
            await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))


def step_events(step: Step) -> int:
    return sum(step.events.values())
