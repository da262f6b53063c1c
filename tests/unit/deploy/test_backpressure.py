"""What the simulator holds back, and how it measures what it sees, against a small real feed."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web

from deploy.simulator.backlog import GAIN, Backlog
from deploy.simulator.command import PlayError
from deploy.simulator.meter import Meter
from tests.drivers.answering import problem, serving


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
