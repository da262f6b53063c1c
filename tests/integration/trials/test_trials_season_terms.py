"""Terms of a season on real servers: set while it runs, kept to by whoever books, gives up and lists, and restored."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest_asyncio

from deploy.local.stack import Infrastructure
from shared.contracts.terms import SeasonRevised
from shared.contracts.trials import DiagnosticCompleted, TrialBooked
from tests.builders.trials import attempt, seat
from tests.drivers.trials import HOST, NAVIGATOR, RUNNING, Trials, trials_service

OPERATOR = {"role": "regional-operator", "org": "RU-ROS"}
FAMILY = {"role": "guardian", "org": "mother"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trials(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    async with trials_service(infrastructure) as running:
        yield running


async def refused(trials: Trials, method: str, path: str, body: Any = None, **who: str) -> tuple[int, str]:
    answer = await trials.ask(method, path, body, **who)
    return answer.status, answer.body.get("type", "")


async def test_terms_hold_from_their_day_on_and_are_told_with_their_history(trials: Trials) -> None:
    await trials.enrol("t1", season=RUNNING)
    await trials.link("t1", "mother")
    today = datetime.now(UTC).date()
    starts = [(datetime.now(UTC) + timedelta(days=days)).replace(microsecond=0) for days in (1, 5, 20)]
    slots = [await trials.slot(season=RUNNING, starts_at=time.isoformat()) for time in starts]
    early = await trials.must("POST", f"/slots/{slots[0]}/bookings", {"participant": "t1"}, **FAMILY)

    path = f"/seasons/{RUNNING}/terms"
    said = {"bookings_at_once": 2, "days_ahead": 10, "notice": {"family": 48}}
    for _ in range(2):
        told = await trials.must("PUT", f"{path}/{today}", said)
    assert [version["since"] for version in told["versions"]] == [str(today)]
    assert await refused(trials, "PUT", f"{path}/{today - timedelta(days=3)}", said) == (422, "bad-input")
    assert (await trials.must("GET", path, **FAMILY))["in_force"]["bookings_at_once"] == 2
    events = [one.event for one in await trials.published("trials.catalogue.v1")]
    assert [one.days_ahead for one in events if isinstance(one, SeasonRevised)] == [10]

    listed = f"/slots?season={RUNNING}"
    shown = [one["slot"] for one in (await trials.must("GET", listed, **FAMILY))["items"]]
    assert (shown, len((await trials.must("GET", listed, **HOST))["items"])) == (slots[:2], 3)
    body = {"participant": "t1"}
    assert await refused(trials, "POST", f"/slots/{slots[2]}/bookings", body, **FAMILY) == (409, "too-early")
    late = await trials.must("POST", f"/slots/{slots[1]}/bookings", body, **FAMILY)
    other = await trials.slot(season=RUNNING, starts_at=(starts[1] + timedelta(days=1)).isoformat())
    assert await refused(trials, "POST", f"/slots/{other}/bookings", body, **NAVIGATOR) == (409, "too-many-ahead")
    asked = {**body, "exception": "other"}
    assert await refused(trials, "POST", f"/slots/{other}/bookings", asked, **NAVIGATOR) == (422, "bad-input")
    await trials.must("POST", f"/slots/{other}/bookings", asked, **OPERATOR)
    # The first seat was taken before the terms were set, and is given up as it could be then; taken anew it is not.
    await trials.must("DELETE", f"/bookings/{early['booking']}", **FAMILY)
    await trials.must("DELETE", f"/bookings/{late['booking']}", **FAMILY)
    anew = await trials.must("POST", f"/slots/{slots[0]}/bookings", {"participant": "t1"}, **FAMILY)
    assert await refused(trials, "DELETE", f"/bookings/{anew['booking']}", **FAMILY) == (409, "too-late")
    later = (starts[0] + timedelta(hours=1)).isoformat()
    await trials.must("POST", f"/slots/{slots[0]}/move", {"starts_at": later}, **HOST)
    await trials.must("DELETE", f"/bookings/{anew['booking']}", **FAMILY)


async def test_outside_the_dates_an_operator_alone_records_and_says_why(trials: Trials) -> None:
    await trials.enrol("t2")
    late = attempt("t2", occurred_at="2021-01-15T10:00:00+03:00")
    assert await refused(trials, "POST", "/attempts", late, **NAVIGATOR) == (409, "outside-season")
    assert await refused(trials, "POST", "/attempts", late, **OPERATOR) == (409, "outside-season")
    assert await refused(trials, "POST", "/attempts", {**late, "exception": "illness"}, **NAVIGATOR) == (
        422,
        "bad-input",
    )
    await trials.must("POST", "/attempts", {**late, "exception": "illness"}, **OPERATOR)
    slot = await trials.slot(starts_at="2020-12-16T14:00:00+03:00")
    await trials.must("POST", f"/slots/{slot}/bookings", seat("t2"), **NAVIGATOR)
    presence = {"participant": "t2", "source": "list", "occurred_at": "2020-12-17T10:00:00+03:00"}
    told = [
        (await trials.must("POST", f"/slots/{slot}/attendance", [presence | said], **who))["items"][0]
        for said, who in (({}, HOST), ({"exception": "late-papers"}, HOST), ({"exception": "late-papers"}, OPERATOR))
    ]
    assert [one.get("problem", {}).get("type") for one in told] == ["outside-season", "bad-input", None]
    steps = [one.event for one in await trials.published("trials.events.v1") if one.event.key == "t2"]
    reasons = {type(one): getattr(one, "exception", None) for one in steps}
    assert (reasons[DiagnosticCompleted], reasons[TrialBooked]) == ("illness", None)
