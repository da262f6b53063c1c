"""Attempts of whole classes are scored over several connections: how many a second, stored and published."""

import asyncio
import json
import statistics
import time
from random import Random
from typing import Any

from deploy.local.stack import Infrastructure
from deploy.simulator.instruments import Instrument
from deploy.simulator.simulation import INSTRUMENTS
from tests.bench.pupils import entered
from tests.bench.results import record
from tests.builders.trials import RULES
from tests.drivers.trials import NAVIGATOR, Trials, trials_service

CLASSES, A_CLASS, SENDERS, RUNS = 300, 30, 8, 3
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


async def _sent(trials: Trials, sender: int, waiting: list[dict[str, Any]], answered: list[float]) -> None:
    signed_in = trials.bearer(f"navigator {sender}", [NAVIGATOR])
    while waiting:
        body, began = waiting.pop(), time.monotonic()
        answer = await trials.request("POST", "/attempts/batch", body, signed_in)
        answered.append(time.monotonic() - began)
        assert answer.status == 200, answer.body
        assert {item["status"] for item in answer.body["items"]} == {"completed"}


async def test_attempts_in_classes_of_thirty(infrastructure: Infrastructure) -> None:
    definition = json.loads((INSTRUMENTS / f"{CODE}.json").read_text(encoding="utf-8"))
    instrument = Instrument.of(definition)
    stored, published, answered = list[float](), list[float](), list[float]()
    for run in range(RUNS):
        async with trials_service(infrastructure) as trials:
            await trials.must("PUT", f"/diagnostics/{CODE}-shipped", definition)
            await trials.must("PUT", f"/seasons/{SEASON}", {**RULES, "diagnostics": [f"{CODE}-shipped"]})
            waiting = bodies(run, instrument)
            ids = [attempt["participant"] for body in waiting for attempt in body["attempts"]]
            await entered(trials, ids, SEASON)
            began = time.monotonic()
            await asyncio.gather(*(_sent(trials, sender, waiting, answered) for sender in range(SENDERS)))
            stored.append(len(ids) / (time.monotonic() - began))
            await trials.know({}, 0, "outbox")
            published.append(len(ids) / (time.monotonic() - began))
    p99 = statistics.quantiles(answered, n=100)[98] * 1e3
    row = {
        "attempts stored/s": f"{statistics.median(stored):,.0f}",
        "attempts stored and published/s": f"{statistics.median(published):,.0f}",
        "p99 of an answer, ms": f"{p99:,.0f}",
    }
    words = (
        f"{CLASSES} classes of {A_CLASS}, the {len(instrument.items)} items of the shipped readiness each, {SENDERS} "
        f"senders, a fresh database each, by the clock; medians of {RUNS} runs."
    )
    record("Attempts of classes", words, [row])
    assert statistics.median(stored) >= LEAST_A_SECOND, stored
