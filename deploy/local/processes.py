"""Child processes that die with their parent, and what they said last."""

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
from pathlib import Path

from deploy.local.server import StackError

NO_ROOM = 16 << 20
LEASH = Path(__file__).with_name("leash.py")
ADVICE = re.compile(
    r"^\[ERROR\]( *$| To see| Re-run| For more| \[Help)"
)  # Maven's, after its one line on what is wrong
COLOUR = re.compile("\x1b\\[[0-9;]*m")
TROUBLE = re.compile(r'"s":"[EF]"|"level": ?"(error|critical)"|\b(ERROR|FATAL)\b')


@dataclass(frozen=True)
class Program:
    """What to run: its name for people, arguments, environment, and the file that takes all of its output."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    log: Path
    cwd: Path | None = None


class Child:
    """A started program, the leader of its own process group: Ctrl-C in the terminal reaches the parent alone."""

    def __init__(self, program: Program, process: Process, log_start: int) -> None:
        self.program = program
        self._process = process
        self._log_start = log_start

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative is the signal that killed it."""
        return self._process.returncode

    async def wait(self) -> int:
        return await self._process.wait()

    def send(self, number: signal.Signals) -> None:
        """Send a signal to this process; nothing happens when it has ended."""
        with suppress(ProcessLookupError):
            self._process.send_signal(number)

    async def died(self) -> str:
        """Wait for the end; the sentence that says how it ended and what it logged last."""
        code = await self.wait()
        return f"{self.program.name} stopped ({ending(code)}): {self.last_words()}"

    def last_words(self) -> str:
        """What it said last, by its log; earlier runs may have written to the same file."""
        try:
            if shutil.disk_usage(self.program.log.parent).free < NO_ROOM:
                return f"no room left on the disk of {self.program.log.parent}"
            with self.program.log.open("rb") as log:
                log.seek(self._log_start)
                return trouble(log.read().decode(errors="replace"))
        except OSError as error:
            return f"no log ({error.strerror})"

    async def stop(self, grace: float = 10) -> None:
        """Ask it to terminate, and kill it after `grace` seconds."""
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
    """Start a program; raises StackError when it cannot be started."""
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("the kernel ties a child to the thread that forked it: start children from the main thread")
    executable = shutil.which(program.argv[0], path=program.env.get("PATH"))
    if executable is None:
        raise StackError(f"{program.name} cannot be started: {program.argv[0]} is not there or not executable")
    leash = [sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), executable, *program.argv[1:]]
    try:
        program.log.parent.mkdir(parents=True, exist_ok=True)
        with program.log.open("ab") as log:
            log_start = log.tell()
            process = await asyncio.create_subprocess_exec(
                *leash,
                env=program.env,
                cwd=program.cwd,
                stdin=DEVNULL,
                stdout=log,
                stderr=STDOUT,
                start_new_session=True,
            )
    except OSError as error:
        raise StackError(f"{program.name} cannot be started: {error}") from error
    return Child(program, process, log_start)


async def run(program: Program, seconds: float) -> None:
    """Run a program to its end; raises StackError when it fails or takes longer than `seconds`."""
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


def ending(code: int) -> str:
    """How a process ended, in words."""
    return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"


def trouble(text: str, limit: int = 500) -> str:
    """The last line that tells of trouble, else the last line; at most `limit` characters."""
    said = [
        line.strip() for line in COLOUR.sub("", text).splitlines()[-200:] if line.strip() and not ADVICE.search(line)
    ]
    troubles = [line for line in said if TROUBLE.search(line)]
    return _plain((troubles or said or ["it said nothing"])[-1])[:limit]


def _plain(line: str) -> str:
    """The message in a line of JSON, as mongod and the services write it; any other line as it is."""
    try:
        entry = json.loads(line)
        words = [entry.get("msg") or entry.get("event"), entry.get("error") or entry.get("attr", {}).get("error")]
    except (ValueError, AttributeError):
        return line
    return ": ".join(str(word) for word in words if word) or line


def peak_memory(pid: int) -> int | None:
    """The most resident memory that a living process ever had, in bytes; None when it is gone or there is no /proc."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    peak = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return int(peak[1]) * 1024 if peak else None


def cpu_seconds(pid: int) -> float | None:
    """Processor time that a living process has used so far; None when it is gone or there is no /proc."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
