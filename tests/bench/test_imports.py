"""A file of 100,000 pupils is entered: how fast, what it takes of memory, and how long a list takes beside it."""

import asyncio
import os
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.stack import Infrastructure
from tests.bench.results import record
from tests.builders.registration import SCHOOL
from tests.builders.tables import csv_file, with_shared_strings, xlsx_file
from tests.drivers.imports import CSV, OVER, XLSX, Sender, counted
from tests.drivers.registration import REGIONAL, Registration, registration

LINES, RUNS = 100_000, 2
A_CLASS = 30
MOST_GROWTH = {CSV: 50_000_000, XLSX: 150_000_000}
LEAST_A_SECOND = 1_500
LISTED = "/schools/RU-ROS-001-S02/participants?season=2020"
EVERY_SECONDS = 0.2
"""Somebody asks for the list so often."""
MOST_SECONDS = 0.1
"""Of the answer to one who asks, but for one in a hundred."""
ASKED_SECONDS = 0.5
"""How far the import is, is asked so often: it should cost nothing beside it."""
TITLES = [
    "Код школы",
    "Класс",
    "Личное дело",
    "Фамилия",
    "Имя",
    "Отчество",
    "Дата рождения",
    "ФИО родителя",
    "Код родителя",
]


def rows(run: int) -> Sequence[Sequence[str]]:
    """A region's pupils, class by class; no two runs have one in common."""
    return [TITLES, *(_row(f"{run}-{number}", number) for number in range(LINES))]


def _row(key: str, number: int) -> Sequence[str]:
    school, grade = f"RU-ROS-001-S0{1 + number // A_CLASS % 2}", 6 + number // (2 * A_CLASS) % 6
    letter = "АБВГД"[number // (12 * A_CLASS) % 5]
    born = f"{1 + number % 28:02}.{1 + number % 12:02}.{2014 - grade}"
    return [
        school,
        f"{grade}{letter}",
        key,
        f"Ёлкина-{key}",
        "Анна",
        "Сергеевна",
        born,
        f"Ёлкина Ольга {key}",
        f"g{key}",
    ]


@dataclass(frozen=True)
class Measured:
    """One file that was entered."""

    a_second: float
    """Lines, by the clock."""
    processor: float
    """Microseconds of the process for each line, in all its threads; other work of the machine does not count."""
    growth: int
    """Bytes."""
    lists: Sequence[float]
    """Seconds of each answer with the list of a school, by name, from an API of its own, as it is deployed."""
    same: Sequence[float]
    """Seconds of each such answer from the process that enters the file."""


class _Process:
    """The process that enters files."""

    def __init__(self, pid: int) -> None:
        self._folder = Path(f"/proc/{pid}")

    def seconds(self) -> float:
        """Processor time that it has taken."""
        told = (self._folder / "stat").read_text().rpartition(")")[2].split()
        return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")

    def anew(self) -> int:
        """Lets the peak begin anew; the bytes that are resident now."""
        (self._folder / "clear_refs").write_text("5")
        return self.bytes("VmRSS")

    def bytes(self, what: str) -> int:
        lines = (self._folder / "status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{what}:"))


async def _run(running: Registration, api: str, number: int, media_type: str) -> Measured:
    """Enters one file, while the API at this address and that of the process which enters it are asked."""
    text = csv_file(rows(number), "cp1251")
    file = text if media_type == CSV else with_shared_strings(xlsx_file(rows(number)))
    process = _Process(running.child.pid)
    before, worked = process.anew(), process.seconds()
    sender = Sender(running, [REGIONAL], "region")
    began = time.monotonic()
    status, sent = await sender.send(file, media_type)
    assert status == 202, sent
    lists, same = list[float](), list[float]()
    asking = [asyncio.create_task(_ask(running, *asked)) for asked in ((api, lists), (running.base, same))]
    done = await _ended(sender, sent["id"])
    seconds = time.monotonic() - began
    for task in asking:
        task.cancel()
    await asyncio.wait(asking)
    assert (done["state"], counted(done)) == ("done", (LINES, LINES, 0, 0, 0, 0)), done
    processor = (process.seconds() - worked) / LINES * 1e6
    return Measured(LINES / seconds, processor, process.bytes("VmHWM") - before, lists, same)


async def _ended(sender: Sender, id: str) -> dict[str, Any]:
    """An import once it is over."""
    async with asyncio.timeout(LINES / 100):
        while (told := (await sender.show(id))[1])["state"] not in OVER:
            await asyncio.sleep(ASKED_SECONDS)
    return told


async def _ask(running: Registration, base: str, lists: list[float]) -> None:
    """Asks for the names of a school until cancelled; keeps how long each answer took."""
    while True:
        began = time.monotonic()
        answer = await running.request("GET", LISTED, None, running.bearer("reader", [REGIONAL]), base)
        assert answer.status == 200, answer.body
        lists.append(time.monotonic() - began)
        await asyncio.sleep(EVERY_SECONDS)


def _p99(seconds: Sequence[float]) -> float:
    return statistics.quantiles(seconds, n=100)[98]


async def test_a_hundred_thousand_lines(infrastructure: Infrastructure) -> None:
    assert SCHOOL.id == "RU-ROS-001-S01"
    found: dict[str, list[Measured]] = {CSV: [], XLSX: []}
    async with registration(infrastructure) as running, running.replica() as api:
        await Sender(running, [REGIONAL], "region").over(csv_file([*rows(9)[:200]]))  # a process that has worked before
        for run in range(RUNS):
            for kind, media_type in enumerate(found):
                found[media_type].append(await _run(running, api, 2 * run + kind, media_type))
    table: list[dict[str, Any]] = [
        {
            "file": name,
            "lines": f"{LINES:,}",
            "lines/s": "; ".join(f"{one.a_second:,.0f}" for one in found[media_type]),
            "processor a line, µs": "; ".join(f"{one.processor:.0f}" for one in found[media_type]),
            "a school's list p99, ms": "; ".join(f"{_p99(one.lists) * 1000:.0f}" for one in found[media_type]),
            "of the same process": "; ".join(f"{_p99(one.same) * 1000:.0f}" for one in found[media_type]),
            "growth, MB": "; ".join(f"{one.growth / 1e6:.0f}" for one in found[media_type]),
        }
        for name, media_type in (("CSV, Windows-1251", CSV), ("XLSX, shared texts", XLSX))
    ]
    record(
        "Import of a region's pupils",
        f"{LINES:,} new pupils with guardians in classes of {A_CLASS}, from the request to the last line; events are "
        "relayed by the same process; meanwhile the names of a school are asked for, of an API that is a process of "
        "its own, as deployed, and of the process that enters the file. The two kinds by turns.",
        table,
    )
    for media_type, runs in found.items():
        assert statistics.median(one.a_second for one in runs) >= LEAST_A_SECOND, table
        assert max(one.growth for one in runs) < MOST_GROWTH[media_type], table
        assert statistics.median(_p99(one.lists) for one in runs) < MOST_SECONDS, table
