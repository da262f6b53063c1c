"""Eight of the largest bodies of a route at once: what they cost in memory, and what others wait meanwhile."""

import asyncio
import multiprocessing
import os
import statistics
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from deploy.local.stack import Infrastructure
from tests.bench import largest
from tests.bench.load import send
from tests.bench.results import record
from tests.builders.trials import RULES
from tests.drivers.documents import application
from tests.drivers.registration import Registration, registration
from tests.drivers.service import ServiceProcess
from tests.drivers.trials import Trials, trials_service

EIGHT = 8
MOST_BYTES = 100_000_000
MOST_SECONDS, MOST_TIMES = 0.2, 5.0
EVERY_SECONDS = 0.02
"""Another caller comes so often."""
QUIET_SECONDS = 2.0
GRANTS = [{"role": "national-operator", "org": "RU"}, {"role": "guardian"}]
CALLERS = count()
PUPILS = "/registration/schools/RU-ROS-001-S02/participants?season=2020"
SLOTS = "/trials/slots?season=2020&limit=10"
Kinds = Sequence[tuple[str, Sequence[bytes]]]
"""Bodies that are sent at once, with what they are."""


@dataclass
class Measured:
    """One route under eight bodies of each kind."""

    route: str
    size: int
    kinds: int = 0
    worst: str = ""
    growth: int = 0
    """The most that the resident memory rose in a round, in bytes."""
    quiet: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    statuses: set[int] = field(default_factory=set)

    @property
    def row(self) -> dict[str, object]:
        """The route's line of the results."""
        quiet, busy = _p99(self.quiet) * 1000, _p99(self.busy) * 1000
        return {
            "route": f"`{self.route}`",
            "size, KiB": f"{self.size / 1024:.0f}",
            "kinds": self.kinds,
            "answers": ", ".join(map(str, sorted(self.statuses))),
            "growth, MB": f"{self.growth / 1e6:.1f}",
            "at": self.worst,
            "others' p99 quiet, ms": f"{quiet:.0f}",
            "meanwhile, ms": f"{busy:.0f}",
            "ratio": f"{busy / quiet:.1f}",
        }

    @property
    def is_within(self) -> bool:
        quiet, busy = _p99(self.quiet), _p99(self.busy)
        return self.growth < MOST_BYTES and busy <= MOST_SECONDS and busy <= MOST_TIMES * quiet


def _p99(seconds: Sequence[float]) -> float:
    return statistics.quantiles(seconds, n=100)[98]


@dataclass(frozen=True)
class Bench:
    """A service under load, and what others read of it."""

    running: ServiceProcess
    http: aiohttp.ClientSession
    loader: Executor
    folder: Path
    """For the bodies that the loader sends."""
    read: str

    async def measured(
        self, measured: Measured, method: str, path: str, kinds: Sequence[tuple[str, Sequence[bytes]]]
    ) -> None:
        """Sends each kind's bodies at once, each in a round of its own, with quiet between them."""
        for name, bodies in kinds:
            files = self._files(bodies)
            measured.quiet += await self._others(asyncio.sleep(QUIET_SECONDS / len(kinds) + 5 * EVERY_SECONDS))
            before = self._memory_anew()
            measured.busy += await self._others(self._all(measured, method, path, files))
            growth = self._memory("VmHWM") - before
            measured.kinds += 1
            if growth > measured.growth:
                measured.growth, measured.worst = growth, name

    def _files(self, bodies: Sequence[bytes]) -> list[Path]:
        files = [self.folder / str(number) for number in range(len(bodies))]
        for file, body in zip(files, bodies, strict=True):
            file.write_bytes(body)
        return files

    async def _all(self, measured: Measured, method: str, path: str, bodies: Sequence[Path]) -> None:
        headers = [self._headers() | {"Content-Type": "application/json"} for _ in bodies]
        url, loop = f"{self.running.base}{path}", asyncio.get_running_loop()
        measured.statuses |= await loop.run_in_executor(self.loader, send, method, url, bodies, headers)

    async def _others(self, load: Any) -> list[float]:
        """Seconds of the requests of others that began while the load ran; each is begun in its time, whoever waits."""
        loaded, begun = asyncio.ensure_future(load), list[asyncio.Task[float]]()
        while not loaded.done():
            begun.append(asyncio.create_task(self._other()))
            await asyncio.sleep(EVERY_SECONDS)
        await loaded
        return list(await asyncio.gather(*begun))

    async def _other(self) -> float:
        headers, began = self._reader, time.perf_counter()
        async with self.http.get(f"{self.running.base}{self.read}", headers=headers) as answer:
            await answer.read()
            assert answer.status == 200
        return time.perf_counter() - began

    @property
    def _reader(self) -> dict[str, str]:
        return self.running.bearer(f"reader{next(CALLERS) % 20}", GRANTS)

    def _headers(self) -> dict[str, str]:
        return self.running.bearer(f"caller{next(CALLERS)}", GRANTS)

    def _memory_anew(self) -> int:
        """Lets the peak begin anew; the bytes that are resident now."""
        Path(f"/proc/{self.running.child.pid}/clear_refs").write_text("5")
        return self._memory("VmRSS")

    def _memory(self, what: str) -> int:
        lines = Path(f"/proc/{self.running.child.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{what}:"))


@pytest.fixture(scope="module")
def loader() -> Iterator[Executor]:
    """At the lowest priority: who sends from elsewhere takes no turns of the service's processors."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context, initializer=os.nice, initargs=(19,)) as executor:
        executor.submit(abs, 0).result()
        yield executor


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def registering(infrastructure: Infrastructure) -> AsyncIterator[Registration]:
    async with registration(infrastructure) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trying(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    async with trials_service(infrastructure) as running:
        yield running


async def _unsound(bench: Bench) -> list[Measured]:
    """Every route of the service with bodies that are wrong all over."""
    with application(bench.running.service) as app:
        routes = list(largest.limits(app))
    results = []
    for method, template, most in routes:
        result = Measured(f"{method} {template}, wrong", most)
        path = template.format_map(_Known())
        await bench.measured(result, method, path, [(name, [body] * EIGHT) for name, body in largest.unsound(most)])
        results.append(result)
    return results


class _Known(dict[str, str]):
    """Parameters of an address."""

    def __missing__(self, name: str) -> str:
        return "RU-ROS-001-X01" if name == "code" else "x"


async def test_registration(registering: Registration, loader: Executor, tmp_path: Path) -> None:
    async with aiohttp.ClientSession() as http:
        bench = Bench(registering, http, loader, tmp_path, PUPILS)
        results = await _unsound(bench)
        rosters = [largest.text(largest.sound_roster(n)) for n in range(EIGHT)]
        sound = Measured("POST /registration/rosters, sound", len(rosters[0]))
        await bench.measured(sound, "POST", "/registration/rosters", [("rosters", rosters), ("again", rosters)])
    _report("registration", [sound, *results])


async def test_trials(trying: Trials, loader: Executor, tmp_path: Path) -> None:
    participants = [f"pupil{n}" for n in range(100)]
    await trying.enrol(*participants)
    await trying.must("PUT", "/diagnostics/readiness", largest.INSTRUMENT)
    await trying.must("PUT", "/seasons/2021", {**RULES, "name": "2021"})
    async with aiohttp.ClientSession() as http:
        bench = Bench(trying, http, loader, tmp_path, SLOTS)
        results = await _unsound(bench)
        taken = await trying.must("POST", "/attempts/batch", largest.sound_attempts(participants[:1], EIGHT))
        assert {item["status"] for item in taken["items"]} == {"completed"}
        sound = await _sound_trials(bench, participants)
    _report("trials", [*sound, *results])


async def _sound_trials(bench: Bench, participants: Sequence[str]) -> list[Measured]:
    results = []
    slots = [largest.text(largest.sound_slots(n)) for n in range(EIGHT)]
    attempts = [largest.text(largest.sound_attempts(participants, n)) for n in range(EIGHT)]
    definition = [largest.text(largest.INSTRUMENT)] * EIGHT
    for method, path, bodies in (
        ("POST", "/trials/slots/batch", slots),
        ("PUT", "/trials/diagnostics/unused", definition),
        ("POST", "/trials/attempts/batch", attempts),
    ):
        result = Measured(f"{method} {path}, sound", len(bodies[0]))
        await bench.measured(result, method, path, [("first", bodies), ("again", bodies)])
        results.append(result)
    return results


def _report(service: str, results: Sequence[Measured]) -> None:
    """Keeps the table among the results; fails where a line is outside its bounds."""
    record(
        f"Eight of the largest bodies at once: {service}",
        f"Each kind of body in a round of its own, by a process of its own; meanwhile others ask every "
        f"{EVERY_SECONDS * 1000:.0f} ms, as in the quiet between the rounds.",
        [result.row for result in results],
    )
    outside = [result.row for result in results if not result.is_within]
    assert not outside, "\n".join(map(str, outside))
