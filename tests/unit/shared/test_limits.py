"""Limits of one process: who may do how much, what a refusal says, and that nobody is limited for another."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import APIRouter, Depends, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import ValidationError

from shared.base.errors import Conflict, Forbidden, NotFound, ServiceError, Unavailable
from shared.base.quota import Quota, QuotaExceeded, Standing
from shared.base.settings import LimitSettings
from shared.http.authorisation import Family, NationalOperator
from shared.http.limits import Limits
from shared.http.permits import Permits
from shared.http.routes import Route
from shared.http.throttles import guess, open_answer
from shared.identity.grants import Role
from tests.drivers.asking import Asked


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


async def given(permits: Permits, key: str, asked: int) -> int:
    """How many of so many permits are given."""
    count = 0
    for _ in range(asked):
        try:
            await permits.take(key)
        except QuotaExceeded:
            continue
        count += 1
    return count


async def test_a_quota_is_given_at_once_and_comes_back_evenly() -> None:
    clock = Clock()
    permits = Permits("writes", Quota(10, 60), None, clock)
    assert await given(permits, "a", 100) == 10
    assert await given(permits, "b", 3) == 3
    for seconds, expected in ((5.9, 0), (0.2, 1), (18, 3), (1_000, 10)):
        clock.now += seconds
        assert await given(permits, "a", 100) == expected


async def test_a_standing_counts_down_and_says_how_long_to_wait() -> None:
    clock = Clock()
    permits = Permits("writes", Quota(3, 30), None, clock)
    assert [(await permits.take("a")).left for _ in range(3)] == [2, 1, 0]
    clock.now += 4
    with pytest.raises(QuotaExceeded) as refused:
        await permits.take("a")
    assert refused.value.headers == {
        "Retry-After": "6",
        "RateLimit-Policy": '"writes";q=3;w=30',
        "RateLimit": '"writes";r=0;t=6',
    }
    clock.now += 6
    assert (await permits.take("a")).fields["RateLimit"] == '"writes";r=0;t=10'


async def test_a_permit_that_is_given_back_was_never_used() -> None:
    clock = Clock()
    permits = Permits("codes", Quota(2, 60), None, clock)
    for _ in range(10):
        await permits.take("a")
        permits.give_back("a")
    assert await given(permits, "a", 9) == 2


def test_what_is_open_at_once_has_a_unit_of_its_own() -> None:
    assert Standing("open", 20, 0, 5).fields == {
        "RateLimit-Policy": '"open";q=20;qu="concurrent-requests"',
        "RateLimit": '"open";r=0;t=5',
    }


def test_settings_write_a_quota_as_units_and_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIMIT_FAMILY_WRITES", "5/300")
    assert LimitSettings().limit_family_writes == Quota(5, 300)
    for wrong in ("5", "0/60", "5/0", "5/m", "-1/60", "1.5/60", "{}"):
        monkeypatch.setenv("LIMIT_FAMILY_WRITES", wrong)
        with pytest.raises(ValidationError, match="units/seconds"):
            LimitSettings()


def asked_with(**quotas: Quota | int) -> Asked:
    router = APIRouter(route_class=Route)

    @router.post("/family")
    async def family(who: Family) -> str:
        return who.account

    @router.post("/operator")
    async def operator(who: NationalOperator) -> str:
        return who.account

    @router.get("/read")
    async def read(who: Family) -> str:
        return who.account

    @router.post("/codes/{code}")
    async def codes(code: str, who: Family, request: Request) -> str:
        async with guess(request):
            await asyncio.sleep(0)
            if code != "right":
                raise NotFound("no such code", slug="code-unknown")
            return code

    @router.get("/stream", response_class=EventSourceResponse, dependencies=[Depends(open_answer)])
    async def stream(who: Family) -> AsyncIterator[ServerSentEvent]:
        while True:
            yield ServerSentEvent(data="x")
            await asyncio.sleep(0.01)

    asked = Asked([router])
    asked.app.state.limits = Limits(LimitSettings(**quotas), bytes(32))  # type: ignore[arg-type]
    return asked


def by(asked: Asked, subject: str = "anna", role: str = "guardian", org: str | None = None) -> dict[str, str | None]:
    return {"authorization": asked.bearer(role, org, subject=subject)}


async def test_a_refusal_is_a_problem_that_names_the_quota_and_the_wait() -> None:
    asked = asked_with(limit_family_writes=Quota(2, 60))
    first = await asked.ask("POST", "/family", headers=by(asked))
    assert (first.status, first.headers["ratelimit"]) == (200, '"family-writes";r=1')
    await asked.ask("POST", "/family", headers=by(asked))
    refused = await asked.ask("POST", "/family", headers=by(asked))
    assert (refused.status, refused.headers["retry-after"]) == (429, "30")
    assert refused.headers["ratelimit-policy"] == '"family-writes";q=2;w=60'
    assert refused.headers["ratelimit"] == '"family-writes";r=0;t=30'
    problem = {key: refused.body[key] for key in ("type", "status", "retryable", "violated-policies")}
    assert problem == {
        "type": "quota-exceeded",
        "status": 429,
        "retryable": True,
        "violated-policies": ["family-writes"],
    }


async def test_an_account_is_limited_for_what_it_writes_alone() -> None:
    """Neither for what it reads, nor for what others write, nor for what it writes in another capacity."""
    asked = asked_with(limit_family_writes=Quota(1, 60))
    assert [(await asked.ask("POST", "/family", headers=by(asked))).status for _ in range(3)] == [200, 429, 429]
    assert {(await asked.ask("GET", "/read", headers=by(asked))).status for _ in range(20)} == {200}
    assert (await asked.ask("POST", "/family", headers=by(asked, "boris"))).status == 200
    operator = by(asked, role="national-operator", org="RU")
    assert (await asked.ask("POST", "/operator", headers=operator)).status == 200


async def test_an_address_is_limited_for_requests_without_a_valid_token_alone() -> None:
    asked = asked_with(limit_unknown_callers=Quota(3, 60))
    for headers in ({"authorization": None}, {"authorization": "Bearer x"}, {"authorization": "Basic x"}):
        assert (await asked.ask("GET", "/read", headers=headers)).status == 401
    refused = await asked.ask("GET", "/read", headers={"authorization": None})
    assert (refused.status, refused.body["violated-policies"]) == (429, ["unknown-callers"])
    assert (await asked.ask("GET", "/read", headers=by(asked))).status == 200
    assert (await asked.ask("GET", "/livez")).status == 200


@pytest.mark.parametrize("together", [False, True], ids=["one after the other", "at once"])
async def test_wrong_codes_of_an_account_are_stopped_after_a_handful(together: bool) -> None:
    asked = asked_with()
    headers = by(asked)

    async def try_one(number: int) -> int:
        return (await asked.ask("POST", f"/codes/{number}", headers=headers)).status

    if together:
        statuses: list[Any] = list(await asyncio.gather(*map(try_one, range(50))))
    else:
        statuses = [await try_one(number) for number in range(50)]
    assert (statuses.count(404), statuses.count(429)) == (10, 40)
    assert (await asked.ask("POST", "/codes/right", headers=headers)).status == 429
    assert (await asked.ask("POST", "/codes/right", headers=by(asked, "boris"))).status == 200


async def test_right_codes_are_not_counted() -> None:
    asked = asked_with(limit_failed_codes=Quota(1, 3_600), limit_failed_codes_of_address=Quota(1, 3_600))
    headers = by(asked)
    assert {(await asked.ask("POST", "/codes/right", headers=headers)).status for _ in range(20)} == {200}


async def test_a_code_that_was_not_even_tried_is_not_counted_for_the_account() -> None:
    asked = asked_with(limit_failed_codes=Quota(2, 3_600), limit_failed_codes_of_address=Quota(1, 3_600))
    limits: Limits = asked.app.state.limits
    await asked.ask("POST", "/codes/wrong", headers=by(asked, "boris"))
    for _ in range(5):
        refused = await asked.ask("POST", "/codes/wrong", headers=by(asked))
        assert refused.body["violated-policies"] == ["failed-codes-of-address"]
    assert {meter.untold for meter in limits._codes._meters.values()} == {0, 1}


@pytest.mark.parametrize(
    ("error", "counted"), [(Conflict("redeemed"), 1), (Forbidden("kind"), 1), (Unavailable("db"), 0)]
)
async def test_a_refused_code_is_counted_and_a_failure_of_ours_is_not(error: ServiceError, counted: int) -> None:
    limits = Limits(LimitSettings(), bytes(32))
    with pytest.raises(ServiceError):
        async with limits.guess({"client": ("192.0.2.1", 1), "headers": []}, "anna"):
            raise error
    assert [meter.untold for meter in limits._codes._meters.values()] == [counted]


@pytest.mark.parametrize(
    ("roles", "policy"),
    [
        ({"guardian"}, "family-writes"),
        ({"guardian", "pupil"}, "family-writes"),
        ({"guardian", "navigator"}, "staff-writes"),
        ({"mentor"}, "staff-writes"),
        ({"navigator", "service"}, "operator-writes"),
    ],
)
def test_who_writes_has_the_widest_quota_of_the_own_roles(roles: set[Role], policy: str) -> None:
    assert Limits(LimitSettings(), bytes(32))._writes(frozenset(roles)).policy == policy


async def test_a_class_of_families_behind_one_address_may_mistype_now_and_then() -> None:
    asked = asked_with()
    statuses = []
    for family in range(30):
        for code in ("wrong", "wrong", "wrong", "right"):
            answer = await asked.ask("POST", f"/codes/{code}", headers=by(asked, f"family-{family}"))
            statuses.append(answer.status)
    assert statuses == [404, 404, 404, 200] * 30


async def test_wrong_codes_of_many_accounts_at_one_address_are_stopped() -> None:
    asked = asked_with(limit_failed_codes_of_address=Quota(20, 3_600))
    statuses = [
        (await asked.ask("POST", "/codes/wrong", headers=by(asked, f"stranger-{number}"))).status
        for number in range(40)
    ]
    assert statuses == [404] * 20 + [429] * 20


async def test_streams_of_an_account_are_counted_while_they_are_open() -> None:
    asked = asked_with(limit_open=3)
    streams = [asyncio.create_task(asked.ask("GET", "/stream", headers=by(asked))) for _ in range(3)]
    await asyncio.sleep(0.1)
    refused = await asked.ask("GET", "/stream", headers=by(asked))
    assert (refused.status, refused.body["violated-policies"]) == (429, ["open-at-once"])
    assert refused.headers["ratelimit-policy"] == '"open-at-once";q=3;qu="concurrent-requests"'
    other = asyncio.create_task(asked.ask("GET", "/stream", headers=by(asked, "boris")))
    streams.pop().cancel()
    await asyncio.sleep(0.1)
    streams.append(asyncio.create_task(asked.ask("GET", "/stream", headers=by(asked))))
    await asyncio.sleep(0.1)
    assert not any(stream.done() for stream in [*streams, other])
    for stream in [*streams, other]:
        stream.cancel()
    await asyncio.wait([*streams, other])
