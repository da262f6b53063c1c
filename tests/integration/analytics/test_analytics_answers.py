"""What an answer of analytics stands for, and who waits while one of a large region is made."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import product
from types import ModuleType
from typing import Any

import pytest
import pytest_asyncio

from services.analytics.collections import CELLS
from services.analytics.figures import competencies, funnel, guardians
from services.analytics.figures.reading import Asked
from shared.base.side_thread import LIGHT
from shared.contracts.organisations import ClockChange
from shared.programme.clocks import clock_of, zone
from shared.programme.moments import happened_at
from shared.runtime.service import Platform
from tests.builders import events as builders
from tests.builders.events import enveloped
from tests.drivers.analytics import Analytics, Fold


@pytest_asyncio.fixture
async def fold(platform_of: Callable[..., Platform]) -> Fold:
    """A region whose days end at half past the hour of UTC."""
    analytics = Analytics(platform_of("analytics"))
    await analytics.migrate()
    fold = Fold(analytics)
    region = builders.region().model_copy(update={"utc_offset": "+05:30"})
    await fold.define(*(enveloped(event) for event in (builders.season(), region, builders.municipality())))
    return fold


async def test_an_answer_stands_for_a_local_day_wherever_that_ends(fold: Fold) -> None:
    mine = fold.analytics.reads()
    before, after = datetime(2020, 10, 1, 18, 20, tzinfo=UTC), datetime(2020, 10, 1, 18, 40, tzinfo=UTC)
    stood = [await mine.standing(Asked("RU-ROS", "2020", None, now)) for now in (before, after)]
    assert [standing.days for standing in stood] == [("2020-10-01",), ("2020-10-02",)]
    assert stood == [await mine.standing_of_all("2020", None, now) for now in (before, after)]
    asked = [await mine.standing(Asked("RU-ROS", "2020", "2020-09-01", now)) for now in (before, after)]
    assert asked[0] == asked[1]


async def test_the_cells_of_a_large_region_are_counted_beside_the_loop(
    fold: Fold, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = fold.analytics.platform.mongo[CELLS]
    described = {"season": "2020", "region": "RU-ROS", "municipality": "RU-ROS-001", "place": "RU-ROS-001"}
    counted: dict[str, str] = {}

    def told(figure: ModuleType, name: str) -> None:
        work = getattr(figure, name)

        def tells(*given: Any) -> Any:
            counted[name] = threading.current_thread().name
            return work(*given)

        monkeypatch.setattr(figure, name, tells)

    for figure, name in ((funnel, "by_stage"), (guardians, "distinct"), (competencies, "by_competency")):
        told(figure, name)
    packed = {
        "funnel": {"registered": {"7": {"2020-09-14": 1}}},
        "region-guardians": {"all": {"2020-09-14": 1}},
        "demand": {"attended": {"gov": {"2020-09-14": 1}}},
    }
    for table, tree in packed.items():
        await cells.insert_many(
            [{"_id": f"{table}{n}", "table": table, "partition": n, "n": tree, **described} for n in range(LIGHT)]
        )
    mine, asked = fold.analytics.figures(), fold.analytics.asked("2020-10-01")
    shown = await mine.funnel(asked, "grade")
    assert (shown["registered"], shown["guardians"]) == (LIGHT, LIGHT)
    assert (await mine.competencies(asked, None))["rows"][0]["attended"] == LIGHT
    assert {name: thread.partition("_")[0] for name, thread in counted.items()} == dict.fromkeys(counted, "side")
    assert len(counted) == 3


BACK = ClockChange(since=datetime(2020, 10, 1, 20, 30, tzinfo=UTC), utc_offset="+04:30")
"""At two in the morning of 2 October hands go back to one."""
AHEAD = builders.municipality("RU-ROS-002").model_copy(update={"utc_offset": "+10:00", "clocks": ()})


async def test_figures_by_day_are_the_same_live_and_rebuilt_across_a_change_of_the_clock(
    fold: Fold, platform_of: Callable[..., Platform]
) -> None:
    region = builders.region().model_copy(update={"utc_offset": "+05:30"})
    changed = enveloped(region.model_copy(update={"clocks": (BACK,)}), 2)
    told = [enveloped(AHEAD), changed]
    clocks = {"RU-ROS-001": clock_of("+05:30", (BACK,)), "RU-ROS-002": "+10:00"}
    expected, facts = Counter[str](), []
    for number, (minutes, town) in enumerate(product(range(0, 48 * 60, 47), clocks)):
        instant = datetime(2020, 9, 30, 18, tzinfo=UTC) + timedelta(minutes=minutes)
        time = happened_at(instant, instant, zone(clocks[town]))
        offset = 600 if town == "RU-ROS-002" else 330 if instant < BACK.since else 270
        expected[(instant + timedelta(minutes=offset)).date().isoformat()] += 1
        facts.append(enveloped(builders.registered(f"p{number}", municipality=town), 1, time))
    prefix = f"again_{fold.analytics.platform.settings.mongo_database_prefix}"
    rebuilt = Fold(Analytics(platform_of("analytics", mongo_database_prefix=prefix)))
    await rebuilt.analytics.migrate()
    await rebuilt.define(*(enveloped(event) for event in (builders.season(), region, builders.municipality())), *told)
    await rebuilt.learn(*facts)
    half = len(facts) // 2
    await fold.learn(*facts[:half])
    await fold.define(*told)
    await fold.learn(*facts[half:])
    live, again = [(await one.funnel(by="day"))["rows"] for one in (fold, rebuilt)]
    assert live == again
    assert {row["day"]: row["registered"] for row in live} == expected
    for day in expected:
        until = sum(count for other, count in expected.items() if other <= day)
        assert (await fold.funnel(as_of=day))["registered"] == until
    await rebuilt.mongo.drop()


async def test_the_last_day_is_the_one_that_begins_first_in_the_region(fold: Fold) -> None:
    await fold.define(enveloped(AHEAD))
    evening = datetime(2020, 10, 1, 14, 30, tzinfo=UTC)
    standing = await fold.analytics.reads().standing(Asked("RU-ROS", "2020", None, evening))
    assert standing.days == ("2020-10-02",)
