"""The simulator's own manners, against small real HTTP servers: retries, refusals, backpressure, order, freshness."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from rich.console import Console

from deploy.cli.__main__ import complained
from deploy.cli.installation import CallError
from deploy.simulator.acts import NATIONAL_OPERATOR, Attend, Book, Commands, Ledger, Sit
from deploy.simulator.backlog import GAIN, Backlog
from deploy.simulator.client import Client, Refused
from deploy.simulator.command import Batch, Command, PlayError, only_cause
from deploy.simulator.folder import load
from deploy.simulator.instruments import instruments
from deploy.simulator.meter import Meter
from deploy.simulator.plan import Plan, plan
from deploy.simulator.player import Pace, Player
from deploy.simulator.scenario import Scenario
from deploy.simulator.simulation import Options, simulate

SCENARIOS = Path(__file__).parents[2] / "deploy" / "scenarios"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
BATCH = Command("POST", "/things", "/things", {"things": [{"ref": "a"}, {"ref": "b"}]}, Batch("things", "ref"))


@asynccontextmanager
async def serving(handler: Handler, patience: float = 10.0) -> AsyncIterator[Client]:
    """A client of a server that answers every request by this handler."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        yield Client(session, str(server.make_url("/")), signed, Random(1), patience)


def signed(subject: str, grants: Sequence[Mapping[str, str]]) -> str:
    return f"{subject} as {grants[0]['role']}"


def problem(status: int, slug: str, **more: Any) -> web.Response:
    return web.json_response({"type": slug, "detail": "why", "status": status, **more}, status=status)


def scaled(factor: float) -> Scenario:
    return load(SCENARIOS / "rostov-2020").scaled(factor)


@pytest.mark.parametrize(
    ("first", "reason"),
    [
        (lambda: problem(503, "unavailable"), "503 unavailable"),
        (lambda: problem(429, "too-many"), "429 too-many"),
        (lambda: problem(409, "not-known-yet", retryable=True), "409 not-known-yet"),
        (lambda: web.Response(status=502, text="bad gateway"), "502"),
    ],
)
async def test_what_may_be_retried_is_retried(first: Callable[[], web.Response], reason: str) -> None:
    answers = [first(), web.json_response({"fine": True})]

    async def handler(request: web.Request) -> web.Response:
        return answers.pop(0)

    async with serving(handler) as client:
        assert await client.perform(NATIONAL_OPERATOR, Command("PUT", "/x", "/x", {})) == [{"fine": True}]
        assert client.traffic.retries == {reason: 1}
        assert client.traffic.requests["PUT /x", "national-operator"] == 2


async def test_a_lost_connection_is_tried_again() -> None:
    tries = Counter[str]()

    async def handler(request: web.Request) -> web.Response:
        tries["all"] += 1
        if tries["all"] == 1:
            assert request.transport is not None
            request.transport.abort()
        return web.json_response({})

    async with serving(handler) as client:
        await client.perform(NATIONAL_OPERATOR, Command("POST", "/x", "/x", {}))
        assert tries["all"] == 2
        assert client.traffic.retries.total() == 1


async def test_only_the_entries_that_wait_are_sent_again() -> None:
    seen: list[list[str]] = []

    async def handler(request: web.Request) -> web.Response:
        refs = [thing["ref"] for thing in (await request.json())["things"]]
        seen.append(refs)
        later = {"status": "rejected", "problem": {"type": "not-known-yet", "retryable": True}}
        items = [{"ref": r, "status": "created"} | (later if r == "b" and len(seen) < 3 else {}) for r in refs]
        return web.json_response({"items": items})

    async with serving(handler) as client:
        items = await client.perform(NATIONAL_OPERATOR, BATCH)
        assert [item["ref"] for item in items] == ["a", "b"]
        assert seen == [["a", "b"], ["b"], ["b"]]
        assert client.traffic.retries == {"entry not-known-yet": 2}
        assert client.traffic.commands == 2


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            lambda: problem(422, "bad-input", errors=[{"pointer": "/things/1/grade", "detail": "too high"}]),
            "422 bad-input: why (/things/1/grade: too high)",
        ),
        (lambda: web.Response(status=500, text="oops"), "500 no problem document"),
        (
            lambda: web.json_response(
                {"items": [{"ref": "a", "status": "rejected", "problem": {"type": "full", "detail": "no seat"}}]}
            ),
            "200 full: no seat",
        ),
    ],
)
async def test_a_refusal_is_final_and_says_why(answer: Callable[[], web.Response], message: str) -> None:
    async def handler(request: web.Request) -> web.Response:
        return answer()

    async with serving(handler) as client:
        with pytest.raises(Refused) as refusal:
            await client.perform(NATIONAL_OPERATOR, BATCH)
        assert message in str(refusal.value)
        assert "POST /things" in str(refusal.value)
        assert client.traffic.requests.total() == 1


async def test_an_entry_without_an_answer_is_an_error() -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.json_response({"items": [{"ref": "a", "status": "created"}]})

    async with serving(handler) as client:
        with pytest.raises(PlayError, match="no answer for 1 entries, as b"):
            await client.perform(NATIONAL_OPERATOR, BATCH)


async def test_patience_ends() -> None:
    async def handler(request: web.Request) -> web.Response:
        return problem(503, "unavailable")

    async with serving(handler, patience=0.2) as client:
        with pytest.raises(PlayError, match="tries in 0 s, the last: 503 unavailable"):
            await client.perform(NATIONAL_OPERATOR, Command("PUT", "/x", "/x", {}))


async def test_backpressure_waits_for_what_is_not_visible() -> None:
    backlog = Backlog(asyncio.get_running_loop().time, floor=10, stall=5)
    backlog.send({"a": 8})
    await asyncio.wait_for(backlog.room(2), 1)
    crowded = asyncio.create_task(backlog.room(3))
    await asyncio.sleep(0)
    assert not crowded.done()
    backlog.see(Counter(a=1))
    await asyncio.wait_for(crowded, 1)
    assert (backlog.waiting, backlog.visible, backlog.peak) == (7, 1, 8)
    backlog.see(Counter(a=7, b=5))
    await asyncio.wait_for(backlog.drained(), 1)
    assert backlog.waiting == 0


def test_the_bound_follows_the_throughput() -> None:
    now = [100.0]
    backlog = Backlog(lambda: now[0], lag=0.4, floor=200)
    assert backlog.bound == 200
    backlog.see(Counter(a=3_000))
    assert backlog.bound == pytest.approx(1_200)
    for _ in range(200):
        backlog.answered(0.1)
    assert backlog.bound == pytest.approx(1_500, rel=0.01)
    now[0] += 4
    assert backlog.bound == 200


async def test_commands_are_spread_over_time_at_little_more_than_the_capacity() -> None:
    clock = asyncio.get_running_loop().time
    backlog = Backlog(clock, floor=10, lag=10)
    backlog.see(Counter(a=1_000))
    begun = clock()
    for _ in range(5):
        await asyncio.wait_for(backlog.room(100), 5)
        backlog.send({"a": 100})
    assert clock() - begun >= 4 * 100 / (GAIN * 1_000) - 0.01


async def test_a_feed_that_stands_still_is_an_error() -> None:
    backlog = Backlog(asyncio.get_running_loop().time, stall=0.1)
    backlog.send({"trial.attended.v1": 3})
    backlog.see(Counter({"trial.attended.v1": 1}))
    with pytest.raises(PlayError, match=r"still missing: \{'trial.attended.v1': 2\}"):
        await backlog.drained()


def event(seq: int, recorded: datetime, season: str | None = "2020") -> dict[str, Any]:
    data = {} if season is None else {"season": season}
    return {"seq": seq, "type": "trial.booked.v1", "recordedtime": recorded.isoformat(), "data": data}


async def test_the_meter_counts_each_event_once_and_measures_what_is_new() -> None:
    begun = datetime.now(UTC)
    old, new = begun - timedelta(hours=1), begun + timedelta(seconds=1)
    pages: dict[str, web.Response] = {
        "0": web.json_response({"events": [event(1, old), event(2, new, season="2019")], "next": "1.2"}),
        "1.2": web.json_response({"events": [event(3, new), event(4, new, season=None)], "next": "1.4"}),
    }
    asked: list[str] = []
    at_end = asyncio.Event()

    async def handler(request: web.Request) -> web.Response:
        after = request.query["after"]
        asked.append(after)
        if len(asked) == 1:
            return problem(404, "feed-unknown")
        if after not in pages:
            at_end.set()
            return problem(503, "unavailable")
        return pages[after]

    async with serving(handler) as client:
        backlog = Backlog(asyncio.get_running_loop().time)
        meter = Meter(client, "RU-ROS", "2020", backlog, lambda: new + timedelta(seconds=0.25))
        tail = asyncio.create_task(meter.run())
        await asyncio.wait_for(at_end.wait(), 5)
        tail.cancel()
        assert asked[:4] == ["0", "0", "1.2", "1.4"]
        assert backlog.seen == {"trial.booked.v1": 3}
        # the meter's clock begins at new + 0.25 s, so nothing here was recorded after its start
        assert meter.freshness.events == 0


async def test_a_new_epoch_is_read_from_its_start() -> None:
    recorded = datetime.now(UTC) + timedelta(hours=1)
    again = asyncio.Event()
    asked: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.query["after"])
        match len(asked):
            case 1 | 3:
                return web.json_response({"events": [event(1, recorded)], "next": f"{len(asked)}.1"})
            case 2:
                return problem(410, "epoch-gone")
            case _:
                again.set()
                return web.json_response({"events": [], "next": "3.1"})

    async with serving(handler) as client:
        backlog = Backlog(asyncio.get_running_loop().time)
        meter = Meter(client, "RU-ROS", "2020", backlog, lambda: datetime.now(UTC))
        tail = asyncio.create_task(meter.run())
        await asyncio.wait_for(again.wait(), 5)
        tail.cancel()
        assert asked == ["0", "1.1", "0", "3.1"]
        assert backlog.seen == {"trial.booked.v1": 1}


class Platform:
    """Accepts every command and remembers in which order, by whom, and how many at once."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.tokens: dict[str, set[str]] = {}
        self.at_once = self.most_at_once = 0

    async def answer(self, request: web.Request) -> web.Response:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        body = await request.json()
        self.paths.append(request.path)
        self.tokens.setdefault(request.path, set()).add(request.headers["Authorization"])
        await asyncio.sleep(0)
        self.at_once -= 1
        return web.json_response({"items": [accepted(entry) for entry in entries(body)]})


def entries(body: Any) -> list[Any]:
    if isinstance(body, list):
        return body
    lists = (body.get(name) for name in ("pupils", "attempts", "participants", "slots"))
    return next((found for found in lists if found is not None), [])


def accepted(entry: Any) -> dict[str, Any]:
    if isinstance(entry, str):
        return {"participant": entry, "status": "booked"}
    ref = entry.get("external_ref", entry.get("ref"))
    named = {"participant": entry.get("participant", f"p-{ref}"), "external_ref": ref, "ref": ref}
    return {**named, "slot": f"s-{ref}".replace("/", "-"), "link_code": f"c-{ref}", "status": "accepted"}


def small_season() -> tuple[Plan, Commands]:
    scenario = scaled(0.02)
    asked = instruments(scenario.diagnostics, SCENARIOS / "instruments")
    season = plan(scenario, asked, Random(1), date(2026, 1, 1))
    return season, Commands(scenario, asked, 1, Ledger())


async def play(season: Plan, commands: Commands, client: Client, pace: Pace, pauses: list[float]) -> None:
    """Play with a feed that shows everything at once."""
    backlog = Backlog(asyncio.get_running_loop().time, lag=1e-6)

    async def at_pause(fraction: float) -> None:
        assert backlog.waiting == 0
        pauses.append(fraction)

    async def show_all() -> None:
        while True:
            backlog.see(backlog.sent - backlog.seen)
            await asyncio.sleep(0.002)

    feed = asyncio.create_task(show_all())
    try:
        await Player(season, commands, client, backlog, replace(pace, at_pause=at_pause), lambda *_: None).play()
        assert backlog.visible == season.events
    finally:
        feed.cancel()


async def test_a_season_is_played_in_order_by_whoever_would_act() -> None:
    platform, pauses = Platform(), list[float]()
    season, commands = small_season()
    async with serving(platform.answer) as client:
        await play(season, commands, client, Pace(concurrency=5, pause_at=(0.5, 0.25)), pauses)
    assert pauses == [0.25, 0.5]
    assert 1 < platform.most_at_once <= 5
    assert len(platform.paths) == len(season.steps)
    assert platform.tokens["/trials/seasons/2020"] == {"Bearer national-operator:RU as national-operator"}
    for token in platform.tokens["/registration/links"]:
        assert token.startswith("Bearer guardian:RU-ROS-")
        assert token.endswith(" as guardian")
    sent = [path.rsplit("/", 1)[-1] for path in platform.paths]
    assert len(sent) - 1 - sent[::-1].index("rosters") < sent.index("attendance")
    for step in season.steps:
        if isinstance(step.act, Book | Attend):
            booked = f"/trials/slots/{commands.ledger.slots[step.act.slot.ref]}/bookings/batch"
            assert platform.paths.index(booked) < platform.paths.index(booked.replace("bookings/batch", "attendance"))


async def test_a_refusal_stops_the_play_and_names_the_step() -> None:
    platform = Platform()
    season, commands = small_season()

    async def handler(request: web.Request) -> web.StreamResponse:
        if request.path == "/trials/attempts/batch":
            return problem(422, "bad-input", errors=[{"pointer": "/attempts/0/answers", "detail": "unknown option"}])
        return await platform.answer(request)

    async with serving(handler) as client:
        with pytest.RaisesGroup(pytest.RaisesExc(PlayError, match=r"Sit by navigator:.*/attempts/0/answers")):
            await play(season, commands, client, Pace(concurrency=1), [])


async def simulated(handler: Handler) -> None:
    """The same play as a caller of the simulator has it."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    async with TestServer(app) as server:
        url, now = str(server.make_url("/")), datetime.now(UTC)
        await simulate(scaled(0.02), url, signed, lambda: now, Console(quiet=True), Options(patience=0.3))


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda: problem(422, "bad-input", errors=[{"pointer": "/name", "detail": "too long"}]), "/name: too long"),
        (lambda: problem(401, "unauthenticated"), "401 unauthenticated: why"),
        (lambda: web.Response(status=502, text="no gateway"), "tries in 0 s, the last: 502"),
        (lambda: web.Response(text="a parked page"), "200, but no JSON object: is this a gateway's URL?"),
    ],
)
async def test_whatever_ends_a_play_is_one_error_for_its_caller(
    answer: Callable[[], web.Response], message: str
) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        return answer() if request.method != "GET" else web.json_response({"events": [], "next": "1.0"})

    with pytest.raises(PlayError) as ended:
        await simulated(handler)
    assert message in str(ended.value)
    assert len(str(ended.value).splitlines()) == 1
    assert complained(ended.value) == (1, str(ended.value))


async def test_a_feed_that_may_not_be_read_ends_a_play_in_one_error() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        return problem(403, "forbidden") if request.method == "GET" else await Platform().answer(request)

    with pytest.raises(Refused, match=r"GET /analytics/regions/RU-ROS/feed.*: 403 forbidden"):
        await simulated(handler)


def test_failures_of_tasks_are_told_as_one_and_a_mistake_of_our_own_is_not_hidden() -> None:
    refused, mistake = PlayError("refused"), KeyError("a mistake")
    assert complained(ExceptionGroup("", [ExceptionGroup("", [refused]), CallError("later")])) == (1, "refused")
    assert complained(TimeoutError()) == (2, "TimeoutError")
    both = ExceptionGroup("", [refused, mistake])
    assert only_cause(both) is both
    with pytest.raises(KeyError):
        complained(both)


def test_a_play_can_be_repeated_to_the_byte() -> None:
    season, commands = small_season()
    sits = [step for step in season.steps if isinstance(step.act, Sit)]
    commands.ledger.participants.update({p.number: str(p.number) for c in season.classes for p in c.pupils})
    assert [commands.of(step) for step in sits] == [commands.of(step) for step in sits]
    assert commands.of(sits[0]) != replace(commands, seed=2).of(sits[0])
