"""A season that is closed takes corrections alone; whoever closes it has waited for its last day."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from deploy.local.stack import Infrastructure
from shared.contracts.revisions import SeasonCorrected
from tests.builders.events import at
from tests.builders.trials import OFFER, RULES, VENUE, attempt, present, seat
from tests.drivers.trials import HOST, NAVIGATOR, RUNNING, Trials, completed, problems, trials_service

CLOSED = "season-closed"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trials(infrastructure: Infrastructure) -> AsyncIterator[Trials]:
    async with trials_service(infrastructure) as running:
        yield running


async def refused(trials: Trials, method: str, path: str, body: object, **who: str) -> tuple[int, str]:
    answer = await trials.ask(method, path, body, **who)
    return answer.status, answer.body["type"]


async def test_a_closed_season_takes_corrections_alone(trials: Trials) -> None:
    await completed(trials, "done")
    await trials.enrol("late")
    (slot, other) = await trials.booked("late", "2020-10-19", "2020-10-20")
    kept = await trials.must("GET", "/participants/late/path?season=2020", **NAVIGATOR)
    assert (await trials.must("GET", "/seasons/2020"))["closed_at"] is None

    closed = await trials.must("POST", "/seasons/2020/closing", {"occurred_at": "2020-12-20T12:00:00+03:00"})
    assert closed["closed_at"] == "2020-12-20T09:00:00Z"
    assert await trials.must("POST", "/seasons/2020/closing", {}) == closed, "again, it is the same"

    assert await refused(trials, "PUT", "/seasons/2020", {**RULES, "name": "Иное"}) == (409, CLOSED)
    assert await refused(trials, "POST", "/attempts", attempt("late"), **NAVIGATOR) == (409, CLOSED)
    draft = "/participants/late/drafts/readiness?season=2020"
    assert await refused(trials, "PUT", draft, {"answers": {}}, **NAVIGATOR) == (409, CLOSED)
    free = {**OFFER, "venue": VENUE, "season": "2020"}
    assert await refused(trials, "POST", "/slots", free, **HOST) == (409, CLOSED)
    again = {**seat("done"), "occurred_at": "2020-10-01T10:00:00+03:00"}
    assert await refused(trials, "POST", f"/slots/{other}/bookings", again, **NAVIGATOR) == (409, CLOSED)
    gone = f"/bookings/{kept['bookings'][0]['id']}?occurred_at=2020-10-01T10:00:00Z"
    assert await refused(trials, "DELETE", gone, None, **NAVIGATOR) == (409, CLOSED)
    there = await trials.must("POST", f"/slots/{slot}/attendance", [present("late", "2020-10-19")], **HOST)
    assert [item["problem"]["type"] for item in there["items"]] == [CLOSED]
    assert await trials.must("GET", "/participants/late/path?season=2020", **NAVIGATOR) == kept

    path = await trials.must("GET", "/participants/done/path?season=2020", **NAVIGATOR)
    mistaken = {"reason": "Ошибка в списке"}
    await trials.must("POST", f"/attendance/{path['attendances'][0]['id']}/revocation", mistaken, **HOST)
    left = await trials.must("GET", "/participants/done/path?season=2020", **NAVIGATOR)
    assert (path["recommendation"] is None, left["recommendation"]) == (False, None)
    told = [e for e in await trials.published("trials.catalogue.v1") if e.event.type == "season.closed.v1"]
    assert [(e.event.key, e.time) for e in told] == [("2020", at("2020-12-20", 12))]


async def test_corrections_of_a_closed_season_are_published_under_a_number(trials: Trials) -> None:
    season = "/seasons/corrected"
    await trials.must("PUT", season, RULES)
    said = {"reason": "Сверка со школами", "occurred_at": "2021-02-01T12:00:00Z"}
    assert await refused(trials, "PUT", f"{season}/revisions/1", said) == (409, "season-open")
    await trials.must("POST", f"{season}/closing", {"occurred_at": "2020-12-20T12:00:00Z"})
    early = {**said, "occurred_at": "2020-12-20T11:59:59Z"}
    assert await refused(trials, "PUT", f"{season}/revisions/1", early) == (422, "bad-input")
    assert await refused(trials, "PUT", f"{season}/revisions/2", said) == (409, "revision-not-next")
    for _ in range(2):
        shown = await trials.must("PUT", f"{season}/revisions/1", said)
    assert await refused(trials, "PUT", f"{season}/revisions/1", {"reason": "Иное"}) == (409, "revision-published")
    assert await refused(trials, "PUT", "/seasons/none/revisions/1", said) == (404, "not-found")
    await trials.must("PUT", f"{season}/revisions/2", {"reason": "Решение суда"})
    first, second = (await trials.must("GET", season))["revisions"]
    assert [first] == shown["revisions"]
    assert first == {"revision": 1, "reason": "Сверка со школами", "time": "2021-02-01T12:00:00Z"}
    assert second["reason"] == "Решение суда"
    told = [e.event for e in await trials.published("trials.catalogue.v1")]
    assert [event.revision for event in told if isinstance(event, SeasonCorrected)] == [1, 2]


async def test_a_season_is_closed_when_its_last_day_is_over_everywhere(trials: Trials) -> None:
    assert await refused(trials, "POST", f"/seasons/{RUNNING}/closing", {}) == (409, "season-not-over")
    early = {"occurred_at": "2020-12-17T11:59:59Z"}
    await trials.must("PUT", "/seasons/early", RULES)
    assert await refused(trials, "POST", "/seasons/early/closing", early) == (409, "season-not-over")
    assert await refused(trials, "POST", "/seasons/early/closing", {"occurred_at": "2999-01-01T00:00:00Z"}) == (
        422,
        "bad-input",
    )
    assert await refused(trials, "POST", "/seasons/none/closing", {}) == (404, "not-found")
    await trials.must("POST", "/seasons/early/closing", {"occurred_at": "2020-12-17T12:00:00Z"})


@pytest.mark.parametrize("closes", [False, True], ids=["open", "closed"])
async def test_a_consent_that_comes_after_the_closing_brings_no_recommendation(trials: Trials, closes: bool) -> None:
    season, pupil = f"gate-{closes}".lower(), f"waits-{closes}".lower()
    await trials.must("PUT", f"/seasons/{season}", {**RULES, "recommendation_gate": "after-diagnostics"})
    await trials.enrol(pupil, season=season)
    await trials.withdraw(pupil, at("2020-09-20"))
    tests = [attempt(pupil, diagnostic, season=season) for diagnostic in ("readiness", "interests")]
    answer = await trials.must("POST", "/attempts/batch", {"attempts": tests}, **NAVIGATOR)
    assert problems(answer) == [None, None], "a consent was in force on that day"
    if closes:
        await trials.must("POST", f"/seasons/{season}/closing", {})
    await trials.consent(pupil, at("2020-09-25"))
    path = await trials.must("GET", f"/participants/{pupil}/path?season={season}", **NAVIGATOR)
    assert (path["recommendation"] is None) is closes
