"""Seats of an entry that was merged into another one are confirmed and attended as any; what was attended was held."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest_asyncio

from deploy.local.stack import Infrastructure
from services.trials.collections import PARTICIPANTS
from tests.builders.events import at
from tests.builders.merging import merged
from tests.builders.trials import attempt, present, seat
from tests.drivers.consumers import eventually
from tests.drivers.trials import HOST, NAVIGATOR, RUNNING, Trials, trials_service

OPERATOR = {"role": "regional-operator", "org": "RU-ROS"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trials(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    async with trials_service(infrastructure) as running:
        yield running


async def join(trials: Trials, survivor: str, duplicate: str) -> None:
    """The duplicate is merged into the survivor."""
    await trials.publish(*merged(survivor, duplicate), time=at("2020-11-18"))
    await trials.know({"_id": {"$in": [survivor, duplicate]}, "mergings.merged": True}, 2, PARTICIPANTS)


async def test_a_seat_of_a_line_is_confirmed_for_a_survivor_who_has_taken_no_step(trials: Trials) -> None:
    await trials.enrol("first", "waits", "survives", season=RUNNING)
    starts_at = datetime.now(UTC) + timedelta(days=5)
    slot = await trials.slot(season=RUNNING, starts_at=starts_at.isoformat(), capacity=1)
    held = (await trials.must("POST", f"/slots/{slot}/bookings", {"participant": "first"}, **NAVIGATOR))["booking"]
    await trials.must("POST", f"/slots/{slot}/waiting", {"participant": "waits"}, **NAVIGATOR)
    await trials.must("DELETE", f"/bookings/{held}", **NAVIGATOR)
    bookings = f"/participants/waits/bookings?season={RUNNING}"

    async def seated() -> bool:
        return bool((await trials.must("GET", bookings, **NAVIGATOR))["items"])

    await eventually(seated)
    (given,) = (await trials.must("GET", bookings, **NAVIGATOR))["items"]
    assert given["confirm_by"] is not None
    await join(trials, "survives", "waits")
    await trials.must("POST", f"/bookings/{given['id']}/confirmation", **NAVIGATOR)
    for diagnostic in ("readiness", "interests"):
        sent = attempt("survives", diagnostic, season=RUNNING)
        del sent["occurred_at"]
        await trials.must("POST", "/attempts", sent, **NAVIGATOR)
    (kept,) = (await trials.must("GET", bookings, **NAVIGATOR))["items"]
    assert (kept["id"], kept["confirm_by"], kept["cancelled"]) == (given["id"], None, None)


async def test_what_a_joined_pupil_attended_was_held(trials: Trials) -> None:
    await trials.enrol("one", "other")
    slot = await trials.slot()
    await trials.must("POST", f"/slots/{slot}/bookings", seat("other"), **NAVIGATOR)
    await join(trials, "one", "other")
    (there,) = (await trials.must("POST", f"/slots/{slot}/attendance", [present("one")], **HOST))["items"]
    assert there["status"] == "attended"
    refused = await trials.ask("POST", f"/slots/{slot}/closing", {"reason": "frost"}, **OPERATOR)
    assert (refused.status, refused.body["type"]) == (409, "already-attended")


async def test_of_a_presence_and_a_calling_off_at_once_one_is_refused(trials: Trials) -> None:
    for number in range(6):
        pupil = f"race{number}"
        await trials.enrol(pupil)
        slot = await trials.slot(starts_at=f"2020-10-{10 + number}T14:00:00+03:00")
        await trials.must("POST", f"/slots/{slot}/bookings", seat(pupil), **NAVIGATOR)
        said = [present(pupil, f"2020-10-{10 + number}")]
        there, closed = await asyncio.gather(
            trials.must("POST", f"/slots/{slot}/attendance", said, **HOST),
            trials.ask("POST", f"/slots/{slot}/closing", {"reason": "frost"}, **OPERATOR),
        )
        attended = there["items"][0]["status"] == "attended"
        assert attended is (closed.status == 409), (there, closed)
