"""Keeps programs running: what dies is started again, after growing pauses, and said so."""

import asyncio
import signal
from collections.abc import Mapping
from dataclasses import dataclass

from deploy.local.processes import Child, Program, spawn
from deploy.local.server import Say, StackError

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
HEALTHY_SECONDS = 10.0


@dataclass
class _Life:
    child: Child
    restarts: int = 0
    death: str = "it has not ended yet"
    task: asyncio.Task[None] | None = None


class Supervisor:
    """The programs of one stack, by name; all methods belong to the event loop's thread."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._lives: dict[str, _Life] = {}

    async def start(self, program: Program) -> None:
        """Start a program and keep it running until `stop`; raises StackError when it cannot be started at all."""
        life = _Life(await spawn(program))
        life.task = asyncio.create_task(self._keep_running(life))
        self._lives[program.name] = life

    async def stop(self, grace: float = 15) -> None:
        """End all programs at once: first asked, after `grace` seconds killed."""
        tasks = [life.task for life in self._lives.values() if life.task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(life.child.stop(grace) for life in self._lives.values()))

    @property
    def pids(self) -> Mapping[str, int | None]:
        """The process of each program; None while it is dead."""
        return {name: self._pid(life) for name, life in self._lives.items()}

    def restarts(self, name: str) -> int:
        """How often a program has been started again."""
        return self._lives[name].restarts

    def send(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a program by name; SIGKILL, SIGSTOP and SIGCONT are what fault tests use."""
        self._lives[name].child.send(number)

    def last_death(self, name: str) -> str:
        """The sentence that says how a program ended last, and where its log is."""
        life = self._lives[name]
        return f"{life.death} (log: {life.child.program.log})"

    def _pid(self, life: _Life) -> int | None:
        return life.child.pid if life.child.exit_code is None else None

    async def _keep_running(self, life: _Life) -> None:
        clock = asyncio.get_running_loop().time
        program, pause = life.child.program, FIRST_PAUSE
        while True:
            born = clock()
            life.death = await life.child.died()
            if clock() - born > HEALTHY_SECONDS:
                pause = FIRST_PAUSE
            self._say(f"{life.death}. Starting it again in {pause:g} s")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            try:
                life.child = await spawn(program)
            except StackError as error:
                self._say(str(error))  # the next round tries again
            else:
                life.restarts += 1
