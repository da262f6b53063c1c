"""Child processes that die with their parent, what they said last, and a supervisor that starts them again."""

import asyncio
import json
import os
import re
import shutil
import signal
import sys
import threading
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from deploy.programs.server import Say, StackError

NO_ROOM = 16 << 20
DIE_WITH_PARENT = Path(__file__).with_name("die_with_parent.py")
ADVICE = re.compile(r"^\[ERROR\]( *$| To see| Re-run| For more| \[Help)")
"""Maven's, after its one line on what is wrong."""
COLOUR = re.compile("\x1b\\[[0-9;]*m")
TROUBLE = re.compile(r'"s":"[EF]"|"level": ?"(error|critical)"|\b(ERROR|FATAL)\b')
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
HEALTHY_SECONDS = 10.0


@dataclass(frozen=True)
class Program:
    """A program to run: its name for people, arguments, environment, and the file that takes all of its output."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    log: Path
    cwd: Path | None = None


@dataclass(frozen=True)
class Child:
    """A started program, the leader of its own process group: Ctrl-C in the terminal reaches the parent alone."""

    program: Program
    process: Process
    log_start: int

    @property
    def pid(self) -> int:
        """Its number, also after its end."""
        return self.process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative is the signal that killed it."""
        return self.process.returncode

    async def wait(self) -> int:
        """Its exit code, once it has ended."""
        return await self.process.wait()

    def send(self, number: signal.Signals) -> None:
        """Sends a signal to this process; nothing happens when it has ended."""
        with suppress(ProcessLookupError):
            self.process.send_signal(number)

    async def died(self) -> str:
        """Waits for the end; the sentence that says how it ended and what it logged last."""
        return f"{self.program.name} stopped ({ending(await self.wait())}): {self.last_words()}"

    def last_words(self) -> str:
        """The last thing that it said, by its log; earlier runs may have written to the same file."""
        try:
            if shutil.disk_usage(self.program.log.parent).free < NO_ROOM:
                return f"no room left on the disk of {self.program.log.parent}"
            with self.program.log.open("rb") as log:
                log.seek(self.log_start)
                return trouble(log.read().decode(errors="replace"))
        except OSError as error:
            return f"no log ({error.strerror})"

    async def stop(self, grace: float = 10) -> None:
        """Asks it to terminate, and kills it after `grace` seconds."""
        if self.exit_code is not None:
            return
        self.send(signal.SIGTERM)
        self.send(signal.SIGCONT)  # a stopped process would not see the request
        try:
            async with asyncio.timeout(grace):
                await self.wait()
        except TimeoutError:
            self.send(signal.SIGKILL)
            await self.wait()


async def spawn(program: Program) -> Child:
    """Starts a program; raises StackError when it cannot be started."""
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("the kernel ties a child to the thread that forked it: start children from the main thread")
    executable = shutil.which(program.argv[0], path=program.env.get("PATH"))
    if executable is None:
        raise StackError(f"{program.name} cannot be started: {program.argv[0]} is not there or not executable")
    argv = [sys.executable, "-I", "-S", str(DIE_WITH_PARENT), str(os.getpid()), executable, *program.argv[1:]]
    try:
        program.log.parent.mkdir(parents=True, exist_ok=True)
        with program.log.open("ab") as log:
            log_start = log.tell()
            start = partial(asyncio.create_subprocess_exec, stdin=DEVNULL, stdout=log, stderr=STDOUT)
            process = await start(*argv, env=program.env, cwd=program.cwd, start_new_session=True)
            return Child(program, process, log_start)
    except OSError as error:
        raise StackError(f"{program.name} cannot be started: {error}") from error


async def run(program: Program, seconds: float) -> None:
    """Runs a program to its end; raises StackError when it fails or takes longer than `seconds`."""
    child = await spawn(program)
    try:
        async with asyncio.timeout(seconds):
            code = await child.wait()
    except TimeoutError:
        raise StackError(f"{program.name} did not end within {seconds:g} seconds (log: {program.log})") from None
    finally:
        await child.stop(grace=1)
    if code != 0:
        raise StackError(f"{program.name} failed ({ending(code)}): {child.last_words()}")


class Supervisor:
    """Keeps the programs of one stack running, by name: what dies is started again, after growing pauses."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._children: dict[str, Child] = {}
        self._deaths: dict[str, str] = {}
        self._restarts: dict[str, int] = {}
        self._keepers: list[asyncio.Task[None]] = []

    async def start(self, program: Program) -> None:
        """Starts a program and keeps it running until `stop`; raises StackError when it cannot be started at all."""
        self._children[program.name] = await spawn(program)
        self._restarts[program.name] = 0
        self._keepers.append(asyncio.create_task(self._keep_running(program)))

    async def stop(self, grace: float = 15) -> None:
        """Ends all programs at once: first asked, after `grace` seconds killed."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        await asyncio.gather(*(child.stop(grace) for child in self._children.values()))

    @property
    def pids(self) -> Mapping[str, int | None]:
        """The process of each program; None while it is dead."""
        return {name: child.pid if child.exit_code is None else None for name, child in self._children.items()}

    def restarts(self, name: str) -> int:
        """The number of times that a program has been started again."""
        return self._restarts[name]

    def send(self, name: str, number: signal.Signals) -> None:
        """Sends a signal to a program by name; SIGKILL, SIGSTOP and SIGCONT are what fault tests use."""
        self._children[name].send(number)

    def last_death(self, name: str) -> str:
        """The sentence that says how a program ended last, and where its log is."""
        return f"{self._deaths.get(name, 'it has not ended yet')} (log: {self._children[name].program.log})"

    async def _keep_running(self, program: Program) -> None:
        clock, name, pause = asyncio.get_running_loop().time, program.name, FIRST_PAUSE
        while True:
            born = clock()
            self._deaths[name] = await self._children[name].died()
            if clock() - born > HEALTHY_SECONDS:
                pause = FIRST_PAUSE
            self._say(f"{self._deaths[name]}. Starting it again in {pause:g} s")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            try:
                self._children[name] = await spawn(program)
                self._restarts[name] += 1
            except StackError as error:
                self._say(str(error))  # the next round tries again


def ending(code: int) -> str:
    """Says in words how a process ended."""
    return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"


def trouble(text: str, limit: int = 500) -> str:
    """The last line that tells of trouble, else the last line; at most `limit` characters.

    Of a line of JSON, as mongod and the services write it, that is the message.
    """
    lines = (line.strip() for line in COLOUR.sub("", text).splitlines()[-200:])
    said = [line for line in lines if line and not ADVICE.search(line)] or ["it said nothing"]
    line = ([line for line in said if TROUBLE.search(line)] or said)[-1]
    try:
        entry = json.loads(line)
        words = [entry.get("msg") or entry.get("event"), entry.get("error") or entry.get("attr", {}).get("error")]
    except (ValueError, AttributeError):
        return line[:limit]
    return (": ".join(str(word) for word in words if word) or line)[:limit]
