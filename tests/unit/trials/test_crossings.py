"""A pupil who goes to a municipality with another clock: what happened before is told on the clock of before."""

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest

from services.trials.copies.learning import learn
from services.trials.copies.participants import Participant
from services.trials.domain.path.caller import clock_of
from shared.base.errors import NotKnownYet
from shared.contracts.event import Envelope
from shared.programme.clocks import Clocks
from tests.builders.events import PLACE, at, enveloped, moved, registered

CLOCKS = Clocks({"RU-ROS": "+03:00", "RU-ROS-002": "+05:00", "RU-ROS-003": "+07:00"})
WEST, EAST, FURTHER = ({**PLACE, "municipality": f"RU-ROS-00{n}", "school": f"RU-ROS-00{n}-S01"} for n in (1, 2, 3))


def goes(before: Mapping[str, Any], after: Mapping[str, Any], sequence: int, day: str) -> Envelope:
    return enveloped(moved("p1", after, **{f"from_{name}": value for name, value in before.items()}), sequence, at(day))


def told() -> list[Envelope]:
    """A registration, two moves to other municipalities, the second of them corrected, and one within a school."""
    return [
        enveloped(registered("p1"), 1, at("2020-09-14")),
        goes(WEST, EAST, 2, "2020-10-01"),
        goes(EAST, WEST, 3, "2020-11-01"),
        goes(EAST, FURTHER, 4, "2020-11-01"),
        goes(FURTHER, {**FURTHER, "school_class": "7Б"}, 5, "2020-11-20"),
    ]


@pytest.mark.parametrize("order", list(permutations(range(1, 5)))[::5])
def test_the_clock_of_a_day_is_that_of_the_municipality_of_the_day(order: tuple[int, ...]) -> None:
    events = told()
    pupil: Participant | None = learn(None, events[0])
    for number in order:
        pupil = learn(learn(pupil, events[number]), events[number])
    assert pupil is not None
    clock = clock_of(CLOCKS, pupil)
    days = [datetime(2020, month, day, 12, tzinfo=UTC) for month, day in ((9, 30), (10, 2), (11, 2), (11, 30))]
    assert [day.astimezone(clock).isoformat()[-6:] for day in days] == ["+03:00", "+05:00", "+07:00", "+07:00"]


def test_of_a_region_that_is_not_known_nothing_is_told() -> None:
    pupil = learn(None, told()[0])
    with pytest.raises(NotKnownYet, match="RU-ROS"):
        clock_of(Clocks(), pupil)
