"""Random small scenarios, written as the folders that anybody may write."""

import csv
import json
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

from deploy.simulator.folder import load
from deploy.simulator.scenario import Scenario
from deploy.simulator.simulation import Options
from tests.builders.thorough import THOROUGH
from tests.chaos.installation import planned

PUPILS = (30, 40) if THOROUGH else (15, 20)
"""Of a municipality, at least and at most."""
LETTERS = "ABCDEFGHKLMNPRSTUVWXYZ"
DIAGNOSTICS = ("interests", "knowledge", "professions", "qualities", "readiness", "made-up")
COLUMNS = ("code", "name_ru", "registered", "participated", "tested", "trial_attended", "completed", "recommended")
CORRECTIONS = (
    *("moves", "transfers", "merges", "archives", "corrections", "guardians", "withdrawals", "erasures"),
    *("closings", "absences", "revocations", "second_rounds"),
)
GATES = ("after-all-stages", "after-diagnostics")
ZONES = ("+02:00", "+03:00", "+05:00", "+10:00", "+12:00")


def drawn(folder: Path, gate: str, trials_required: int, rng: Random, seed: int = Options().seed) -> Scenario:
    """A scenario in a new folder, drawn until its season has time for all that befalls its pupils."""
    while True:
        write(folder, gate, trials_required, rng)
        scenario = load(folder)
        try:
            planned(scenario, seed)
        except ValueError as error:
            if "too short" not in str(error):
                raise
        else:
            return scenario


def write(folder: Path, gate: str, trials_required: int, rng: Random) -> None:
    """A scenario with 3 to 5 municipalities, its region and season used by nobody else."""
    unique = "".join(rng.choices(LETTERS, k=6))
    municipalities = _municipalities(f"RU-{unique}", gate, trials_required, rng)
    attendances = sum(m["trial_attended"] + m["completed"] * (trials_required - 1) for m in municipalities)
    competencies = _competencies(unique, attendances, rng)
    opens = date(2021, 1, 1) + timedelta(days=rng.randrange(1200))
    lowest = rng.randint(6, 10)
    season = {
        "season": f"s{unique}",
        "region": f"RU-{unique}",
        "name_ru": f"Область {unique}",
        "utc_offset": rng.choice(ZONES),
        "opens": opens.isoformat(),
        "closes": (opens + timedelta(days=rng.randint(60, 200))).isoformat(),
        "grades": [lowest, rng.randint(lowest, 11)],
        "diagnostics": rng.sample(DIAGNOSTICS, rng.randint(1, 3)),
        "trials_required": trials_required,
        "recommendation_gate": gate,
        "registered": (registered := sum(m["registered"] for m in municipalities)),
        "participants": sum(m["participated"] for m in municipalities),
        "recommendations": sum(m["recommended"] for m in municipalities),
        "guardians": rng.randint(0, registered // 2),
        "corrections": _corrections(sum(m["trial_attended"] for m in municipalities) / registered, rng),
        "competencies": len(competencies),
        "trial_attendances": attendances,
        "ranking": _ranking(municipalities)[: rng.randint(1, 5)],
        "reported": [],
    }
    folder.mkdir(exist_ok=True)
    (folder / "season.json").write_text(json.dumps(season, ensure_ascii=False))
    _table(folder / "municipalities.csv", COLUMNS, municipalities)
    _table(folder / "competencies.csv", ("code", "name_ru", "attended"), competencies)


def _corrections(attended: float, rng: Random) -> dict[str, float]:
    """A small share for each kind; slots of those who attend one alone can be moved, or be what a quota is for."""
    shares = {kind: round(rng.uniform(0, 0.1), 3) for kind in CORRECTIONS}
    return {**shares, **{kind: round(rng.uniform(0, attended / 3), 3) for kind in ("shifts", "quotas")}}


def _municipalities(region: str, gate: str, trials_required: int, rng: Random) -> list[dict[str, Any]]:
    return [_municipality(f"{region}-{n + 1:03}", gate, trials_required, rng) for n in range(rng.randint(3, 5))]


def _municipality(code: str, gate: str, trials_required: int, rng: Random) -> dict[str, Any]:
    """Each stage is a random part of the one before, none and all of it included."""
    registered = rng.randint(*PUPILS)
    participated = rng.randint(registered // 2, registered)
    tested = rng.choice((0, participated, *[rng.randint(0, participated) for _ in range(6)]))
    attended = rng.randint(0, tested)
    completed = attended if trials_required == 1 else rng.randint(0, attended)
    return {
        "code": code,
        "name_ru": f"Район {code}",
        "registered": registered,
        "participated": participated,
        "tested": tested,
        "trial_attended": attended,
        "completed": completed,
        "recommended": completed if gate == "after-all-stages" else tested,
    }


def _competencies(unique: str, attendances: int, rng: Random) -> list[dict[str, Any]]:
    counts = [0] * rng.randint(4, 10)
    for _ in range(attendances):
        counts[min(rng.randrange(len(counts)), rng.randrange(len(counts)))] += 1
    return [
        {"code": f"{unique.lower()}-{n}", "name_ru": f"Компетенция {unique} {n}", "attended": count}
        for n, count in enumerate(counts)
    ]


def _ranking(municipalities: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    shares = [(Fraction(m["completed"], m["tested"]), m["name_ru"]) for m in municipalities if m["tested"]]
    shares.sort(key=lambda pair: pair[0], reverse=True)
    return [{"municipality": name, "share_percent": int(share * 100 + Fraction(1, 2))} for share, name in shares]


def _table(path: Path, columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
