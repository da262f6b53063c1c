"""What pupils do lies within the season's dates, by the region's calendar."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio

from deploy.local.stack import Infrastructure
from shared.contracts.registration import ClockChange
from tests.builders.events import region
from tests.drivers.consumers import eventually
from tests.drivers.trials import RUNNING, Trials, trials_service
from tests.integration.trials.test_trials import HOST, NAVIGATOR, attempt, present, problems, seat

EVE, LAST_DAY, AFTER = "2020-07-06T20:59:59Z", "2020-12-16T20:59:59Z", "2020-12-16T21:00:00Z"
"""In Rostov the season begins on 7 July and ends with 16 December."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trials(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    async with trials_service(infrastructure) as running:
        yield running


async def test_attempts_outside_the_seasons_dates_are_refused(trials: Trials) -> None:
    await trials.enrol("d1")
    sent = [attempt("d1", ref=time, occurred_at=time) for time in (EVE, LAST_DAY, AFTER)]
    answer = await trials.must("POST", "/attempts/batch", {"attempts": sent}, **NAVIGATOR)
    outside = "outside-season"
    assert problems(answer) == [(outside, "/attempts/0/occurred_at"), None, (outside, "/attempts/2/occurred_at")]


async def test_bookings_and_presences_outside_the_seasons_dates_are_refused(trials: Trials) -> None:
    await trials.enrol("d2")
    slot = await trials.slot(starts_at="2020-12-16T20:00:00+03:00")
    refused = await trials.ask("POST", f"/slots/{slot}/bookings", seat("d2") | {"occurred_at": EVE}, **NAVIGATOR)
    assert (refused.status, refused.body["type"]) == (409, "outside-season")
    assert refused.body["errors"][0]["pointer"] == "/occurred_at"
    await trials.must("POST", f"/slots/{slot}/bookings", seat("d2"), **NAVIGATOR)
    said = [present("d2") | {"occurred_at": time} for time in (AFTER, LAST_DAY)]
    answer = await trials.must("POST", f"/slots/{slot}/attendance", said, **HOST)
    assert problems(answer) == [("outside-season", "/0/occurred_at"), None]


@pytest.mark.parametrize(("season", "status"), [("2020", 409), (RUNNING, 201)])
async def test_now_lies_in_a_running_season_alone(trials: Trials, season: str, status: int) -> None:
    await trials.enrol(f"now-{season}", season=season)
    sent: dict[str, Any] = attempt(f"now-{season}", season=season)
    del sent["occurred_at"]
    answer = await trials.ask("POST", "/attempts", sent, **NAVIGATOR)
    assert (answer.status, answer.body.get("type", "outside-season")) == (status, "outside-season")


async def test_a_slot_keeps_its_instant_when_the_clock_of_the_region_changes(trials: Trials) -> None:
    await trials.enrol("d3")
    slot = await trials.slot(ref="of the day", starts_at="2020-10-25T09:00:00+03:00")
    change = ClockChange(since=datetime(2020, 10, 24, 23, tzinfo=UTC), utc_offset="+04:00")
    await trials.publish(region().model_copy(update={"clocks": (change,)}))

    async def shown() -> bool:
        return bool((await trials.must("GET", f"/slots/{slot}"))["starts_at"] == "2020-10-25T10:00:00+04:00")

    await eventually(shown)
    assert await trials.slot(ref="of the day", starts_at="2020-10-25T10:00:00+04:00") == slot
    for diagnostic, said in (("readiness", "2020-10-24T22:59:00Z"), ("interests", "2020-10-24T23:00:00Z")):
        await trials.must("POST", "/attempts", attempt("d3", diagnostic, occurred_at=said), **NAVIGATOR)
    await trials.must("POST", f"/slots/{slot}/bookings", seat("d3"), **NAVIGATOR)
    (there,) = (await trials.must("POST", f"/slots/{slot}/attendance", [present("d3", "2020-10-25")], **HOST))["items"]
    assert "problem" not in there
    told = [
        (e.event.type, e.time.isoformat()) for e in await trials.published("trials.events.v1") if e.event.key == "d3"
    ]
    assert told == [
        ("diagnostic.completed.v1", "2020-10-25T01:59:00+03:00"),
        ("diagnostic.completed.v1", "2020-10-25T03:00:00+04:00"),
        ("trial.booked.v1", "2020-09-20T10:00:00+03:00"),
        ("trial.attended.v1", "2020-10-25T16:00:00+04:00"),
    ]
