"""The load of the cluster's test, as far as no cluster is needed: which season comes next, and when it is under way."""

import asyncio
import json

import pytest

from tests.cluster.backlog import Watch
from tests.cluster.seasons import Seasons, drill
from tests.verdict import Broken

NOTHING = {"outboxes": {"trials": 0}, "groups": {}, "feeds": {}}


def test_every_season_has_pupils_of_its_own() -> None:
    seasons = Seasons(0)
    regions = []
    for _ in range(3):
        regions.append(seasons.region)
        seasons.played += 1
    assert regions == ["", "RU-D02", "RU-D03"]
    (patch,) = drill(regions[1])
    (container,) = json.loads(patch.partition("\n")[2])["spec"]["template"]["spec"]["containers"]
    assert container["args"][-2:] == ["--region", "RU-D02"]


async def test_faults_begin_when_a_season_is_under_way_however_small_it_is() -> None:
    for lines in (
        ["1,000 of 30,000 events, 100/s", "1,200 of 30,000 events, 100/s"],
        ["70 of 70 events, 9/s, 0 s left"],
    ):
        seasons = Seasons(0)
        begun = asyncio.create_task(seasons.begun())
        for line in lines:
            await asyncio.sleep(0)
            assert not begun.done()
            seasons.hear(line)
        await asyncio.wait_for(begun, 5)


def test_an_answer_of_the_servers_fault_is_found_wherever_the_report_breaks() -> None:
    seasons = Seasons(0)
    for said, failed in (
        (["Retries: none"], False),
        (["Retries: 409 organisation-unknown: 503, ClientOSError: 1"], False),
        (["Retries: 409 organisation-unknown: 5, ClientOSError: 1, ", "503 unavailable: 2"], True),
        (["Retries: feed: 502: 4"], True),
    ):
        before = len(seasons.failed)
        seasons.log[:] = [*said, "Most events on their way at once: 9"]
        seasons.end()
        assert len(seasons.failed) - before == failed, said
    seasons.log.clear()
    with pytest.raises(Broken, match="does not say"):
        seasons.end()


async def test_work_that_never_comes_is_told_in_one_line() -> None:
    watch = Watch()

    async def read() -> None:
        while True:
            watch.take(json.dumps(NOTHING))
            await asyncio.sleep(0.01)

    reading = asyncio.create_task(read())
    try:
        with pytest.raises(Broken, match=r"^work came to trials: not within 0 s; the last reading: Reading\("):
            await watch.until(lambda now: now.of("trials") > 0, 0.1, "work came to trials")
        assert (await watch.until(lambda now: now.of("trials") == 0, 5, "nothing waits")).backlog.total == 0
    finally:
        reading.cancel()
