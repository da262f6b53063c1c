"""A season is played in order by whoever would act, and whatever ends it is one error."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from rich.console import Console

from deploy.cli.complaints import complained
from deploy.cli.installation import CallError
from deploy.simulator.acts import AtSlot, Sit
from deploy.simulator.backlog import Backlog
from deploy.simulator.calls import Commands, Ledger
from deploy.simulator.client import Client, Refused
from deploy.simulator.command import PlayError, only_cause
from deploy.simulator.folder import load
from deploy.simulator.instruments import instruments
from deploy.simulator.plan import Plan, plan
from deploy.simulator.player import Pace, Player
from deploy.simulator.scenario import Scenario
from deploy.simulator.simulation import INSTRUMENTS, Options, simulate
from tests.drivers.answering import Handler, problem, serving, signed

SCENARIOS = Path(__file__).parents[3] / "deploy" / "scenarios"


def scaled(factor: float) -> Scenario:
    return load(SCENARIOS / "rostov-2020").scaled(factor)


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
    return {
        **named,
        "slot": f"s-{ref}".replace("/", "-"),
        "link_code": f"c-{ref}",
        "guardian": f"g-{ref}",
        "status": "accepted",
    }


def small_season() -> tuple[Plan, Commands]:
    scenario = scaled(0.02)
    asked = instruments(scenario.diagnostics, INSTRUMENTS)
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
        if isinstance(step.act, AtSlot):
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
