"""The act of a venue with ten thousand attendances is drafted and signed: how long an operator waits for either."""

import statistics
import time
from collections.abc import Iterator
from typing import Any

from deploy.local.stack import Infrastructure
from tests.bench.results import record
from tests.builders.trials import VENUE, slot
from tests.drivers.trials import HOST, Trials, trials_service

SLOTS, SEATS, RUNS = 1_250, 8, 5
PERIOD = {"season": "2020", "begins": "2020-10-01", "ends": "2020-10-31"}
ACTS = f"/venues/{VENUE}/payment-acts"
OPERATOR = {"role": "regional-operator", "org": "RU-ROS"}
RATE = {"season": "2020", "region": "RU-ROS", "since": "2020-09-01", "kopecks": 130_000}
MOST_SECONDS = 2.0


def paths() -> Iterator[dict[str, Any]]:
    """A pupil a seat, each with one attendance, as they are stored."""
    for number in range(SLOTS * SEATS):
        pupil, at = f"pupil-{number:020}", "2020-10-05T15:00:00+03:00"
        of = {"slot": f"slot-{number // SEATS}", "competency": "gov", "kind": "trial", "time": at}
        held = {"venue": VENUE, "starts_at": at, "minutes": 90, "cancelled": None}
        attended = {"booking": f"b{number}", "source": "list", "revoked": None, "reason": None}
        yield {
            "_id": f"{pupil}/2020",
            "participant": pupil,
            "season": "2020",
            "sequence": 2,
            "bookings": [{"id": f"b{number}", **of, **held}],
            "attendances": [{"id": f"attendance-{number}", **of, **attended}],
        }


async def furnish(trials: Trials) -> None:
    slots = (slot(f"slot-{number}") for number in range(SLOTS))
    rows = [one.model_dump(exclude={"id"}) | {"_id": one.id, "sequence": 1} for one in slots]
    await trials.mongo["slots"].insert_many(rows)
    await trials.mongo["paths"].insert_many(list(paths()))
    pupils = [{"_id": row["participant"], "mergings": []} for row in paths()]
    await trials.mongo["participants_2"].insert_many(pupils)
    await trials.must("POST", "/rates", RATE, **OPERATOR)


async def test_the_act_of_a_venue_with_ten_thousand_attendances(infrastructure: Infrastructure) -> None:
    async with trials_service(infrastructure) as trials:
        await furnish(trials)
        drafted = list[float]()
        query = "&".join(f"{name}={said}" for name, said in PERIOD.items())
        for _ in range(RUNS):
            began = time.perf_counter()
            draft = await trials.must("GET", f"{ACTS}/draft?{query}", **HOST)
            drafted.append(time.perf_counter() - began)
        said = {**PERIOD, "ref": "one", "kopecks": draft["kopecks"], "lines": draft["lines"]}
        began = time.perf_counter()
        act = await trials.must("POST", ACTS, said, **OPERATOR)
        signed = time.perf_counter() - began
        assert (act["lines"], act["pupils"]) == (SLOTS * SEATS, SLOTS * SEATS)
    row = {
        "attendances": f"{SLOTS * SEATS:,}",
        "drafted after, s": f"{statistics.median(drafted):.2f}",
        "signed after, s": f"{signed:.2f}",
    }
    record("Acts for payment", f"A venue with {SLOTS:,} slots of {SEATS}; the draft is a median of {RUNS}.", [row])
    assert max(statistics.median(drafted), signed) < MOST_SECONDS
