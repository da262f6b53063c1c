"""Trials put back from a backup that knows slots and bookings of before they were moved and called off."""

from collections import Counter
from collections.abc import AsyncIterator

import pytest_asyncio

from deploy.local.stack import Infrastructure
from tests.builders.trials import seat
from tests.drivers.backups import Backup, assert_numbered_once
from tests.drivers.trials import HOST, NAVIGATOR, Trials, history, states, trials_service

THEN = "2020-09-25T10:00:00+03:00"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trials(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    async with trials_service(infrastructure) as running:
        yield running


async def test_slots_and_bookings_are_where_they_were_and_nothing_is_told_again(trials: Trials) -> None:
    await trials.enrol("before", "after")
    moved = await trials.slot(starts_at="2020-10-05T14:00:00+03:00")
    closed = await trials.slot(starts_at="2020-10-06T14:00:00+03:00")
    for slot in (moved, closed):
        await trials.must("POST", f"/slots/{slot}/bookings", seat("before"), **NAVIGATOR)
    await trials.know({}, 0, "outbox")
    backup = Backup.of(trials.settings, "trials")

    late = await trials.slot(starts_at="2020-10-08T14:00:00+03:00", ref="late")
    for slot in (moved, late):
        await trials.must("POST", f"/slots/{slot}/bookings", seat("after"), **NAVIGATOR)
    for slot, day in ((moved, "2020-10-12"), (late, "2020-10-13"), (late, "2020-10-14")):
        to = {"starts_at": f"{day}T09:00:00+03:00", "minutes": 45, "occurred_at": THEN}
        await trials.must("POST", f"/slots/{slot}/move", to, **HOST)
    await trials.must("POST", f"/slots/{late}/seats", {"capacity": 20, "occurred_at": THEN}, **HOST)
    frost = {"reason": "frost", "words": "Минус сорок", "occurred_at": THEN}
    await trials.must("POST", f"/slots/{closed}/closing", frost, **HOST)
    before, stored = await history(trials), await states(trials)
    assert_numbered_once(before)

    await trials.child.stop()
    backup.put_back()
    await trials.start()
    await trials.know({"following": {"$type": "string"}}, 0, "slots")
    assert await history(trials) == before
    stored[f"slots {closed}"]["closing"]["words"] = None  # told by no event
    assert await states(trials) == stored
    answer = await trials.must("GET", "/losses", role="regional-operator", org="RU-ROS")
    assert Counter(loss["lacking"] for loss in answer["items"]) == {"ref": 1, "words": 1}
