"""Rosters of whole classes are entered over several connections: how many pupils a second, with vault and outbox."""

import asyncio
import statistics
import time
from typing import Any

from deploy.local.stack import Infrastructure
from tests.bench.results import record
from tests.builders.registration import SCHOOL, pupil, roster
from tests.drivers.registration import NAVIGATOR, Registration, registration

CLASSES, A_CLASS, RUNS = 300, 30, 3
SENDERS = 8
"""People who send at once, each the next class when the one before is answered."""
LEAST_A_SECOND = 1_500


def bodies(run: int) -> list[dict[str, Any]]:
    """The rosters of one run, each of a class of its own; every pupil has a guardian and a consent."""
    return [
        roster(
            [pupil(f"{run}-{number}-{n}", grade=6 + number % 6) for n in range(A_CLASS)],
            school=SCHOOL.id,
            **{"class": f"{6 + number % 6}{'АБВГД'[number // 6 % 5]}"},
        )
        for number in range(CLASSES)
    ]


async def _sent(running: Registration, sender: int, waiting: list[dict[str, Any]], answered: list[float]) -> None:
    signed_in = running.bearer(f"navigator {sender}", [NAVIGATOR])
    while waiting:
        body, began = waiting.pop(), time.monotonic()
        answer = await running.request("POST", "/rosters", body, signed_in)
        answered.append(time.monotonic() - began)
        assert answer.status == 200, answer.body
        assert {item["status"] for item in answer.body["items"]} == {"created"}


async def test_rosters_in_classes_of_thirty(infrastructure: Infrastructure) -> None:
    entered, published, answered = list[float](), list[float](), list[float]()
    for run in range(RUNS):
        async with registration(infrastructure) as running:
            waiting = bodies(run)
            await running.enter(pupil("first"))
            began = time.monotonic()
            await asyncio.gather(*(_sent(running, sender, waiting, answered) for sender in range(SENDERS)))
            entered.append(CLASSES * A_CLASS / (time.monotonic() - began))
            await running.know({}, 0, "outbox")
            published.append(CLASSES * A_CLASS / (time.monotonic() - began))
            assert await running.mongo["vault"].count_documents({}) == 2 * (CLASSES * A_CLASS + 1)
    p99 = statistics.quantiles(answered, n=100)[98] * 1e3
    row = {
        "pupils entered/s": f"{statistics.median(entered):,.0f}",
        "pupils entered and published/s": f"{statistics.median(published):,.0f}",
        "p99 of an answer, ms": f"{p99:,.0f}",
    }
    words = (
        f"{CLASSES} classes of {A_CLASS} with guardians and consents, {SENDERS} senders, a fresh database each, by the "
        f"clock; medians of {RUNS} runs."
    )
    record("Rosters of classes", words, [row])
    assert statistics.median(published) >= LEAST_A_SECOND, published
