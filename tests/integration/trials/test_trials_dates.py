"""What pupils do lies within the season's dates, by the region's calendar, and within the time of a consent."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio

from deploy.local.stack import Infrastructure
from services.trials.collections import PARTICIPANTS
from shared.contracts.organisations import ClockChange
from shared.contracts.registration import ConsentGiven
from tests.builders.events import PLACE, at, region, registered
from tests.builders.trials import attempt, present, seat
from tests.drivers.consumers import eventually
from tests.drivers.trials import HOST, NAVIGATOR, RUNNING, Trials, problems, trials_service

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


async def test_what_happened_before_a_withdrawal_counts_however_late_it_is_recorded_and_nothing_else(
    trials: Trials,
) -> None:
    await trials.enrol("x1")
    await trials.must("POST", "/attempts", attempt("x1"), **NAVIGATOR)
    first, second = await trials.booked("x1", "2020-10-05", "2020-10-06")
    third, late = await trials.booked("x1", "2020-10-07", "2020-10-12")
    await trials.withdraw("x1", at("2020-10-07", 15))
    for slot, day in ((first, "2020-10-05"), (second, "2020-10-06")):
        answer = await trials.must("POST", f"/slots/{slot}/attendance", [present("x1", day)], **HOST)
        assert answer["items"][0]["status"] == "attended"
    answer = await trials.must("POST", f"/slots/{third}/attendance", [present("x1", "2020-10-07")], **HOST)
    assert problems(answer) == [("consent-missing", "/0/occurred_at")]
    answer = await trials.must("POST", f"/slots/{late}/attendance", [present("x1", "2020-10-12")], **HOST)
    assert problems(answer) == [("not-booked", "/0/participant")]
    await trials.must("POST", "/attempts", attempt("x1", ref="late"), **NAVIGATOR)
    for ref, time in (("after", "2020-10-07T15:00:00+03:00"), ("before", "2020-09-14T09:59:59+03:00")):
        refused = await trials.ask("POST", "/attempts", attempt("x1", ref=ref, occurred_at=time), **NAVIGATOR)
        assert (refused.status, refused.body["type"]) == (409, "consent-missing"), ref


async def test_a_consent_is_in_force_until_the_end_of_its_term(trials: Trials) -> None:
    await trials.publish(registered("term"))
    place = {**PLACE, "participant": "term", "version": "1", "channel": "paper"}
    await trials.publish(ConsentGiven(**place, until=at("2020-10-06", 0)), time=at("2020-09-14"))
    await trials.know({"_id": "term", "consent": True}, 1, PARTICIPANTS)
    (slot,) = await trials.booked("term", "2020-10-05")
    over = await trials.slot(starts_at="2020-10-06T14:00:00+03:00")
    refused = await trials.ask("POST", f"/slots/{over}/bookings", seat("term"), **NAVIGATOR)
    assert (refused.status, refused.body["type"]) == (409, "consent-missing")
    await trials.must("POST", f"/slots/{slot}/attendance", [present("term")], **HOST)
    await trials.publish(ConsentGiven(**place, until=at("2020-11-01", 0)), time=at("2020-09-25"))
    await trials.know({"_id": "term", "consent_changes.1": {"$exists": True}}, 1, PARTICIPANTS)
    sent = {"participant": "term", "occurred_at": "2020-09-26T10:00:00+03:00"}
    await trials.must("POST", f"/slots/{over}/bookings", sent, **NAVIGATOR)
