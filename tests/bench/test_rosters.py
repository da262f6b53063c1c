"""Rosters of whole classes are entered over several connections: how many pupils a second, with vault and outbox."""

import statistics
from collections import Counter
from itertools import product
from typing import Any

from deploy.local.stack import Infrastructure
from tests.bench.results import record
from tests.bench.senders import PROCESSES, SENDERS, Speeds, measure, processes
from tests.builders.registration import SCHOOL, pupil, roster
from tests.drivers.registration import NAVIGATOR, registration

CLASSES, A_CLASS, RUNS = 300, 30, 3
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


async def test_rosters_in_classes_of_thirty(infrastructure: Infrastructure) -> None:
    found = {number: Speeds() for number in PROCESSES}
    for run, number in product(range(RUNS), PROCESSES):
        async with registration(infrastructure) as running, processes(running, number) as bases:
            await running.enter(pupil("first"))
            urls = [f"{base}/registration/rosters" for base in bases]
            statuses = await measure(found[number], running, urls, bodies(run), [NAVIGATOR])
            assert Counter(statuses) == {"created": CLASSES * A_CLASS}
            assert await running.mongo["vault"].count_documents({}) == 2 * (CLASSES * A_CLASS + 1)
    words = (
        f"{CLASSES} classes of {A_CLASS} with guardians and consents, {SENDERS} senders, a fresh database each, by the "
        f"clock; medians of {RUNS} runs, by turns."
    )
    record("Rosters of classes", words, [speeds.row(number, "pupils") for number, speeds in found.items()])
    assert max(statistics.median(speeds.published) for speeds in found.values()) >= LEAST_A_SECOND, found
