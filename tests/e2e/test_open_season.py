"""After a play a season is open for calls of one's own, and the figures of the one that was played stay as they are."""

import asyncio
import os
import sys
import time
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import pytest

from deploy.cli.installation import SERVERS, signing
from deploy.cli.open_season import open_season, school_year
from deploy.cli.whole_demo import settings_of
from deploy.local.system import ROOT, System
from deploy.simulator.catalogue import venues_of
from deploy.simulator.client import Client as Caller
from deploy.simulator.instruments import instruments
from deploy.simulator.scenario import Scenario
from deploy.simulator.simulation import INSTRUMENTS, Options
from tests.chaos.agreement import agreed, settled
from tests.chaos.installation import play
from tests.drivers.announced import announced_as
from tests.e2e import generated
from tests.e2e.conftest import Client
from tests.e2e.lines import SEATS, Line, Lines
from tests.e2e.season import soon

SCRIPT_SECONDS = 120


@pytest.mark.parametrize(
    ("today", "code", "opens", "closes"),
    [
        (date(2026, 11, 29), "2026-27", date(2026, 9, 1), date(2027, 8, 31)),
        (date(2026, 8, 31), "2025-26", date(2025, 9, 1), date(2026, 8, 31)),
        (date(2099, 9, 1), "2099-00", date(2099, 9, 1), date(2100, 8, 31)),
    ],
)
def test_a_school_year_begins_in_september(today: date, code: str, opens: date, closes: date) -> None:
    assert school_year(today) == (code, opens, closes)


async def test_a_newcomers_own_calls_succeed_and_change_no_figure_of_the_play(
    running: System, client: Client, tmp_path: Path
) -> None:
    scenario = generated.drawn(tmp_path / "scenario", generated.GATES[0], 1, Random("newcomer"))
    await play(running, scenario, Options())
    before = (await agreed(running, scenario.region, scenario.season)).figures
    async with aiohttp.ClientSession() as http:
        caller = Caller(http, running.url, signing(running.issuer), Random(1))
        now = datetime.now(scenario.zone)
        season = await open_season(caller, scenario, now)
        assert await open_season(caller, scenario, now) == season

    await _enter_and_book(client, scenario, season, now)
    assert (await agreed(running, scenario.region, season)).figures.funnel["participated"] == 1

    await _stand_in_lines(running, client, scenario, season)

    await _first_calls(running, scenario, season, tmp_path)
    funnel = (await agreed(running, scenario.region, season)).figures.funnel
    assert (funnel["participated"], funnel["attended"], funnel["recommended"]) == (2, 1, 1)
    assert (await agreed(running, scenario.region, scenario.season)).figures == before


async def _enter_and_book(client: Client, scenario: Scenario, season: str, now: datetime) -> None:
    school = f"{scenario.municipalities[0].code}-S01"
    navigator = (f"navigator:{school}",)
    grade = scenario.grades[0]
    line: Mapping[str, Any] = {
        "external_ref": f"own-{time.time_ns()}",
        "name": "Соколова Мария",
        "birth_date": f"{now.year - grade - 6}-03-02",
        "grade": grade,
        "guardian": {"ref": "own", "name": "Соколов Олег"},
        "consent": {"version": "1", "given_at": now.isoformat(), "channel": "paper"},
    }
    roster = {"season": season, "school": school, "class": f"{grade}Я", "pupils": [line]}
    entered = await soon(client, "POST", "/registration/rosters", roster, by=navigator)
    pupil = entered["items"][0]["participant"]
    diagnostic = scenario.diagnostics[0]
    answers = instruments(scenario.diagnostics, INSTRUMENTS)[diagnostic].answers(Random(1))
    attempt = {"ref": "own", "participant": pupil, "season": season, "diagnostic": diagnostic, "answers": answers}
    await soon(client, "POST", "/trials/attempts", attempt, by=navigator)
    listed = await client.ok("GET", f"/trials/slots?season={season}&after=&limit=100", by=navigator)
    coming = (s for s in listed["items"] if datetime.fromisoformat(s["starts_at"]) > now)
    slot = next(slot for slot in coming if slot["region"] == scenario.region)
    await client.ok("POST", f"/trials/slots/{slot['slot']}/bookings", {"participant": pupil}, by=navigator)


async def _stand_in_lines(running: System, client: Client, scenario: Scenario, season: str) -> None:
    """Pupils wait for seats, which are given along the line by themselves; the feed tells of as many bookings."""
    seed = os.environ.get("LINES_SEED") or os.urandom(4).hex()
    print(f"LINES_SEED={seed}")
    first, now, rng = scenario.municipalities[0], datetime.now(scenario.zone), Random(seed)
    school, venue, grade = f"{first.code}-S01", next(venues_of(first, scenario)).code, scenario.grades[0]
    by, own = (f"navigator:{school}",), {"birth_date": f"{now.year - grade - 6}-03-02", "grade": grade}
    consent = {"version": "1", "given_at": now.isoformat(), "channel": "paper"}
    children = [
        {
            "external_ref": f"line-{n}",
            "name": f"Ильина Вера {n}",
            "guardian": {"ref": f"line-{n}", "name": "Ильин Олег"},
        }
        for n in range(9)
    ]
    pupils = [{**child, **own, "consent": consent} for child in children]
    roster = {"season": season, "school": school, "class": f"{grade}Ю", "pupils": pupils}
    entered = await soon(client, "POST", "/registration/rosters", roster, by=by)
    slots, morning = [], now.replace(hour=11, minute=0, second=0, microsecond=0)
    for n in range(2):
        of = {"venue": venue, "season": season, "competency": scenario.competencies[0].code, "kind": "trial"}
        at = {"starts_at": (morning + timedelta(days=3 + n)).isoformat(), "minutes": 90}
        body = {"ref": f"line-{n}", **of, **at, "capacity": SEATS, "grades": list(scenario.grades)}
        slots.append((await client.ok("POST", "/trials/slots", body, by=(f"venue:{venue}",)))["slot"])
    await settled(settings_of(running.settings))
    participants = [item["participant"] for item in entered["items"]]
    lines = Lines(client, season, by, [Line(slot) for slot in slots], participants, rng)
    commands = 0
    while commands < 40 or not any(line.given for line in lines.lines):
        await lines.goes_on()
        commands += 1
        assert commands < 400, "nobody was given a seat from a line"
    lines.told((await agreed(running, scenario.region, season)).feed)


async def _first_calls(running: System, scenario: Scenario, season: str, folder: Path) -> None:
    """`deploy/first-calls.sh`, as whoever reads the README runs it."""
    first = scenario.municipalities[0]
    with announced_as(running, folder / "bilet-first", str(ROOT)):
        script = await asyncio.create_subprocess_exec(
            *("bash", str(ROOT / "deploy" / "first-calls.sh")),
            env={
                **{name: value for name, value in os.environ.items() if name not in SERVERS},
                "REGION": scenario.region,
                "SCHOOL": f"{first.code}-S01",
                "VENUE": next(venues_of(first, scenario)).code,
                "SEASON": season,
                "BILET": f"{sys.executable} -m deploy.cli",
                "TMPDIR": str(folder),
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(SCRIPT_SECONDS):
            said, _ = await script.communicate()
    assert script.returncode == 0, said.decode()
