"""Seats of popular slots are booked over many connections at once, then at a steady rate: how many, how fast."""

import asyncio
import statistics
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

import aiohttp

from deploy.local.stack import Infrastructure
from tests.bench.pupils import entered
from tests.bench.results import record
from tests.builders.trials import seat
from tests.drivers.trials import NAVIGATOR, Trials, trials_service

SLOTS, SEATS, CONNECTIONS, RUNS = 10, 1_000, 200, 3
PUPILS = SLOTS * SEATS + 1_000
"""More than there are seats: who comes last is refused."""
LEAST_A_SECOND, MOST_MS = 1_000, 400
STEADY, STEADY_A_SECOND, MOST_STEADY_MS = 6_000, 300, 100
STARTS = "2020-10-05T14:00:00+03:00"

Book = Callable[[str, str], Coroutine[Any, Any, str]]
"""Books a pupil into a slot; `booked`, or the slug of the refusal."""


def booker(trials: Trials, http: aiohttp.ClientSession, took: list[float]) -> Book:
    """Sends bookings as many navigators of the school."""
    signed_in = [trials.bearer(f"navigator {n}", [NAVIGATOR]) for n in range(CONNECTIONS)]

    async def book(pupil: str, slot: str) -> str:
        who, url = signed_in[hash(pupil) % CONNECTIONS], f"{trials.base}/trials/slots/{slot}/bookings"
        began = time.monotonic()
        async with http.post(url, json=seat(pupil), headers=who) as answer:
            body = await answer.json()
        took.append((time.monotonic() - began) * 1e3)
        return "booked" if answer.status == 201 else str(body["type"])

    return book


async def _sent(waiting: list[tuple[str, str]], book: Book, told: Counter[str]) -> None:
    while waiting:
        told[await book(*waiting.pop())] += 1


async def test_popular_slots_from_many_connections(infrastructure: Infrastructure) -> None:
    accepted, took = list[float](), list[float]()
    for run in range(RUNS):
        async with trials_service(infrastructure) as trials, _connected() as http:
            pupils = [f"r{run}-{n}" for n in range(PUPILS)]
            await entered(trials, pupils)
            slots = [await trials.slot(starts_at=STARTS, capacity=SEATS) for _ in range(SLOTS)]
            waiting = [(id, slots[n % SLOTS]) for n, id in enumerate(reversed(pupils))]
            told, book, began = Counter[str](), booker(trials, http, took), time.monotonic()
            await asyncio.gather(*(_sent(waiting, book, told) for _ in range(CONNECTIONS)))
            accepted.append(told["booked"] / (time.monotonic() - began))
            assert told == {"booked": SLOTS * SEATS, "slot-full": PUPILS - SLOTS * SEATS}
            assert [await trials.seats(slot) for slot in slots] == [SEATS] * SLOTS
    p99 = statistics.quantiles(took, n=100)[98]
    row = {
        "connections": CONNECTIONS,
        "bookings accepted/s": f"{statistics.median(accepted):,.0f}",
        "p99 of an answer, ms": f"{p99:,.0f}",
    }
    words = (
        f"{PUPILS:,} pupils for {SLOTS} slots of {SEATS:,} seats, one request each, a fresh database each; medians of "
        f"{RUNS} runs. None is overbooked."
    )
    record("Bookings of popular slots", words, [row])
    assert statistics.median(accepted) >= LEAST_A_SECOND, accepted
    assert p99 <= MOST_MS


async def test_bookings_at_a_steady_rate(infrastructure: Infrastructure) -> None:
    took: list[float] = []
    async with trials_service(infrastructure) as trials, _connected() as http:
        pupils = [f"s{n}" for n in range(STEADY)]
        await entered(trials, pupils)
        slots = [await trials.slot(starts_at=STARTS, capacity=SEATS) for _ in range(SLOTS)]
        book, began, asked = booker(trials, http, took), time.monotonic(), list[asyncio.Task[str]]()
        for number, id in enumerate(pupils):
            await asyncio.sleep(max(0.0, began + number / STEADY_A_SECOND - time.monotonic()))
            asked.append(asyncio.create_task(book(id, slots[number % SLOTS])))
        assert set(await asyncio.gather(*asked)) == {"booked"}
    centiles = statistics.quantiles(took, n=100)
    row = {
        "bookings/s": STEADY_A_SECOND,
        "median, ms": f"{centiles[49]:,.0f}",
        "p99, ms": f"{centiles[98]:,.0f}",
    }
    words = f"{STEADY:,} pupils, one request each, at that rate whether or not others are answered."
    record("Bookings at a steady rate", words, [row])
    assert centiles[98] < MOST_STEADY_MS, centiles


def _connected() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS))
