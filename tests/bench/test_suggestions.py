"""Suggestions for distinct pupils at a steady rate, with five thousand open slots: how long a pupil waits."""

import asyncio
import os
import statistics
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import aiohttp

from deploy.local.stack import Infrastructure
from services.trials.collections import PARTICIPANTS
from shared.contracts.registration import ConsentGiven
from shared.contracts.venues import Environment
from tests.bench.results import record
from tests.builders.events import PLACE, registered
from tests.builders.trials import PROGRAMME, VENUE
from tests.drivers.trials import NAVIGATOR, Trials, trials_service

PUPILS, SLOTS, PROGRAMMES, SITES = 1_200, 5_000, 45, 20
A_SECOND, MOST_MS = 50, 100
ENVIRONMENTS = get_args(Environment)
INTERESTS: dict[str, Any] = {
    "name": "Интересы",
    "method": "liking",
    "scales": [{"code": code, "name": code} for code in ENVIRONMENTS],
    "options": [{"code": "no", "points": 0}, {"code": "yes", "points": 1}],
    "items": [{"code": code, "scale": code} for code in ENVIRONMENTS],
}
SEASON = "suggested"


async def furnished(trials: Trials) -> None:
    """A season with programmes of all surroundings, and venues of one owner with slots on the days to come."""
    today = datetime.now(UTC).date()
    days = {"opens": str(today - timedelta(days=30)), "closes": str(today + timedelta(days=90))}
    rules = {"name": "Сезон", **days, "grades": [6, 11], "trials_required": 2, "diagnostics": ["liking"]}
    await trials.must("PUT", "/diagnostics/liking", INTERESTS)
    await trials.must("PUT", f"/seasons/{SEASON}", {**rules, "recommendation_gate": "after-diagnostics"})
    for n in range(PROGRAMMES):
        passport = {**PROGRAMME, "environment": ENVIRONMENTS[n % len(ENVIRONMENTS)], "grades": [6, 11]}
        await trials.must("PUT", f"/programmes/p{n}", {**passport, "organisation": "RU-ROS"})
    for site in range(SITES):
        venue = {"organisation": VENUE, "name": "Колледж", "registry": "regional", "season": SEASON}
        await trials.must("PUT", f"/venues/{VENUE}-{site}", venue)
        offers = [offer(n, site) for n in range(SLOTS // SITES)]
        for begin in range(0, len(offers), 125):
            timetable = {"venue": f"{VENUE}-{site}", "season": SEASON, "slots": offers[begin : begin + 125]}
            answer = await trials.must("POST", "/slots/batch", timetable)
            assert {item["status"] for item in answer["items"]} == {"opened"}


def offer(number: int, site: int) -> dict[str, Any]:
    """A slot of one of the programmes."""
    starts = datetime.now(UTC) + timedelta(days=1 + number % 60, hours=number % 7)
    fixed = {"competency": "gov", "kind": "trial", "minutes": 90, "capacity": 8, "grades": [6, 11]}
    return {**fixed, "starts_at": starts.isoformat(), "programme": f"p{(number * SITES + site) % PROGRAMMES}"}


def answers(number: int) -> dict[str, str]:
    return {code: "yes" if number % (place + 2) else "no" for place, code in enumerate(ENVIRONMENTS)}


def processor(pid: int) -> float:
    """Returns the seconds of processor that a process has taken."""
    told = (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


async def entered(trials: Trials, pupils: list[str]) -> None:
    """The pupils are known, each with a profile of its own."""
    await trials.publish(*(registered(id, season=SEASON) for id in pupils))
    consent = {**PLACE, "version": "1", "channel": "paper"}
    await trials.publish(*(ConsentGiven(**{**consent, "participant": id}) for id in pupils))
    await trials.know({"_id": {"$in": pupils}, "consent": True}, len(pupils), PARTICIPANTS)
    for begin in range(0, len(pupils), 100):
        sent = [
            {
                "ref": "1",
                "participant": id,
                "season": SEASON,
                "diagnostic": "liking",
                "answers": {
                    code: "yes" if (begin + n) % (place + 2) else "no" for place, code in enumerate(ENVIRONMENTS)
                },
            }
            for n, id in enumerate(pupils[begin : begin + 100])
        ]
        answer = await trials.must("POST", "/attempts/batch", {"attempts": sent}, **NAVIGATOR)
        assert {item["status"] for item in answer["items"]} == {"completed"}


async def test_suggestions_with_five_thousand_open_slots(infrastructure: Infrastructure) -> None:
    took: list[float] = []
    async with trials_service(infrastructure) as trials, aiohttp.ClientSession() as http:
        pupils = [f"s{n}" for n in range(PUPILS)]
        await furnished(trials)
        await entered(trials, pupils)
        await trials.know({}, 0, "outbox")
        signed_in = trials.bearer("teacher", [NAVIGATOR])

        async def ask(id: str) -> None:
            url = f"{trials.base}/trials/participants/{id}/suggestions?season={SEASON}"
            began = time.monotonic()
            async with http.get(url, headers=signed_in) as answer:
                body = await answer.json()
            took.append((time.monotonic() - began) * 1e3)
            assert len(body["suggestions"]) == 10, body

        await ask(pupils[0])
        first, took[:] = took[0], []
        used, began, asked = processor(trials.child.pid), time.monotonic(), []
        for number, id in enumerate(pupils):
            await asyncio.sleep(max(0.0, began + number / A_SECOND - time.monotonic()))
            asked.append(asyncio.create_task(ask(id)))
        await asyncio.gather(*asked)
        used = processor(trials.child.pid) - used
    centiles = statistics.quantiles(took, n=100)
    row = {
        "open slots": f"{SLOTS:,}",
        "requests/s": A_SECOND,
        "first of all, ms": f"{first:,.0f}",
        "processor of the service a request, ms": f"{used / PUPILS * 1e3:,.1f}",
        "median, ms": f"{centiles[49]:,.0f}",
        "p99, ms": f"{centiles[98]:,.0f}",
    }
    words = (
        f"{PUPILS:,} distinct pupils with profiles of their own, at a steady rate whether or not others are answered."
    )
    record("Suggestions of trials", words, [row])
    assert centiles[98] < MOST_MS, centiles
