"""Attempts of whole classes are scored over several connections: how many a second, stored and published."""

import json
import statistics
from collections import Counter
from itertools import product
from random import Random
from typing import Any

from deploy.local.stack import Infrastructure
from deploy.simulator.instruments import Instrument
from deploy.simulator.simulation import INSTRUMENTS
from tests.bench.pupils import entered
from tests.bench.results import record
from tests.bench.senders import PROCESSES, SENDERS, Speeds, measure, processes
from tests.builders.trials import RULES
from tests.drivers.trials import NAVIGATOR, trials_service

CLASSES, A_CLASS, RUNS = 300, 30, 3
SEASON, CODE = "sat", "readiness"
LEAST_A_SECOND = 3_000


def bodies(run: int, instrument: Instrument) -> list[dict[str, Any]]:
    """The attempts of one run by classes, every item of the shipped instrument answered."""
    rng, at = Random(run), "2020-09-14T10:00:00+03:00"
    fixed = {"ref": "1", "season": SEASON, "diagnostic": f"{CODE}-shipped", "occurred_at": at}
    pupils = [[f"r{run}-{c}-{n}" for n in range(A_CLASS)] for c in range(CLASSES)]
    return [
        {"attempts": [{**fixed, "participant": id, "answers": instrument.answers(rng)} for id in mates]}
        for mates in pupils
    ]


async def test_attempts_in_classes_of_thirty(infrastructure: Infrastructure) -> None:
    definition = json.loads((INSTRUMENTS / f"{CODE}.json").read_text(encoding="utf-8"))
    instrument = Instrument.of(definition)
    found = {number: Speeds() for number in PROCESSES}
    for run, number in product(range(RUNS), PROCESSES):
        async with trials_service(infrastructure) as trials, processes(trials, number) as bases:
            await trials.must("PUT", f"/diagnostics/{CODE}-shipped", definition)
            await trials.must("PUT", f"/seasons/{SEASON}", {**RULES, "diagnostics": [f"{CODE}-shipped"]})
            classes = bodies(run, instrument)
            await entered(trials, [attempt["participant"] for body in classes for attempt in body["attempts"]], SEASON)
            urls = [f"{base}/trials/attempts/batch" for base in bases]
            statuses = await measure(found[number], trials, urls, classes, [NAVIGATOR])
            assert Counter(statuses) == {"completed": CLASSES * A_CLASS}
    words = (
        f"{CLASSES} classes of {A_CLASS}, the {len(instrument.items)} items of the shipped readiness each, {SENDERS} "
        f"senders, a fresh database each, by the clock; medians of {RUNS} runs, by turns."
    )
    record("Attempts of classes", words, [speeds.row(number, "attempts") for number, speeds in found.items()])
    assert max(statistics.median(speeds.stored) for speeds in found.values()) >= LEAST_A_SECOND, found
