"""Clocks that change by law, against a model that counts minutes and knows no dates."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.organisations import ClockChange
from shared.programme.clocks import Clocks, clock_of, first_offset, midnight, spliced, zone
from shared.programme.moments import happened_at

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
DAY = 24 * 60
SPAN = 40 * DAY
VOLGOGRAD = "+04:00 2020-12-26T22:00:00Z +03:00"
"""On 27 December 2020, at two in the morning, hands went back to one."""
SARATOV = "+03:00 2016-12-03T23:00:00Z +04:00"
"""On 4 December 2016, at two in the morning, hands went on to three."""

Minutes = tuple[int, Sequence[tuple[int, int]]]
"""A clock of the model: its first offset, and from which minute since the epoch on it has another one."""


def offset_at(clock: Minutes, minute: int) -> int:
    first, changes = clock
    return [first, *(offset for _, offset in changes)][bisect_right([since for since, _ in changes], minute)]


def day_at(clock: Minutes, minute: int) -> int:
    return (minute + offset_at(clock, minute)) // DAY


def begin_of(clock: Minutes, day: int) -> int:
    """The first minute of a local day, found by trying every one around it."""
    return next(minute for minute in range(day * DAY - 2 * DAY, SPAN * 2) if day_at(clock, minute) >= day)


def written(minutes: int) -> str:
    sign, rest = "-" if minutes < 0 else "+", abs(minutes)
    return f"{sign}{rest // 60:02}:{rest % 60:02}"


def text_of(clock: Minutes) -> str:
    first, changes = clock
    told = [
        ClockChange(since=EPOCH + timedelta(minutes=since), utc_offset=written(offset)) for since, offset in changes
    ]
    return clock_of(written(first), told)


OFFSETS = st.sampled_from([-12 * 60, -330, 0, 120, 180, 240, 540, 600, 660, 840])
CLOCKS: st.SearchStrategy[Minutes] = st.tuples(
    OFFSETS,
    st.lists(st.tuples(st.integers(0, SPAN), OFFSETS), max_size=4, unique_by=lambda change: change[0]).map(sorted),
)


@given(CLOCKS, st.integers(0, SPAN))
def test_the_local_day_of_every_instant_is_that_of_the_offset_in_force(clock: Minutes, minute: int) -> None:
    instant = EPOCH + timedelta(minutes=minute)
    told = happened_at(instant, instant, zone(text_of(clock)))
    assert told == instant
    assert told.utcoffset() == timedelta(minutes=offset_at(clock, minute))
    assert (told.date() - EPOCH.date()).days == day_at(clock, minute)


@st.composite
def lawful(draw: st.DrawFn) -> Minutes:
    """A clock that is put on or back by an hour, at two in the morning by the hands of before."""
    first = offset = draw(OFFSETS)
    changes = []
    for day in sorted(draw(st.sets(st.integers(2, SPAN // DAY), max_size=3))):
        since = day * DAY + 2 * 60 - offset
        offset += draw(st.sampled_from([-60, 60]))
        changes.append((since, offset))
    return first, changes


@given(lawful(), st.integers(2, SPAN // DAY))
def test_a_day_begins_at_its_first_instant(clock: Minutes, day: int) -> None:
    name = (EPOCH + timedelta(days=day)).date().isoformat()
    assert midnight(name, text_of(clock)) == EPOCH + timedelta(minutes=begin_of(clock, day))


@given(
    st.lists(lawful(), min_size=4, max_size=4),
    st.lists(st.integers(4, SPAN // DAY - 4), min_size=3, max_size=3, unique=True).map(sorted),
    st.integers(0, SPAN),
)
def test_who_is_at_several_places_is_on_the_clock_of_the_place_of_the_day(
    clocks: Sequence[Minutes], days: Sequence[int], minute: int
) -> None:
    stays = list(zip([None, *days], clocks, strict=True))
    told = spliced([("" if d is None else f"{EPOCH.date() + timedelta(days=d)}", text_of(c)) for d, c in stays])
    here = next(clock for day, clock in reversed(stays) if day is None or minute >= begin_of(clock, day))
    instant = EPOCH + timedelta(minutes=minute)
    assert instant.astimezone(zone(told)).utcoffset() == timedelta(minutes=offset_at(here, minute))


@pytest.mark.parametrize(
    ("clock", "instant", "shown"),
    [
        (VOLGOGRAD, "2020-12-26T21:59:59Z", "2020-12-27T01:59:59+04:00"),
        (VOLGOGRAD, "2020-12-26T22:00:00Z", "2020-12-27T01:00:00+03:00"),
        (VOLGOGRAD, "2018-10-27T21:30:00Z", "2018-10-28T01:30:00+04:00"),
        (SARATOV, "2016-12-03T22:59:59Z", "2016-12-04T01:59:59+03:00"),
        (SARATOV, "2016-12-03T23:00:00Z", "2016-12-04T03:00:00+04:00"),
    ],
)
def test_days_before_a_change_keep_the_old_clock(clock: str, instant: str, shown: str) -> None:
    assert datetime.fromisoformat(instant).astimezone(zone(clock)).isoformat() == shown


def test_hands_that_show_a_time_twice_mean_the_first_and_one_left_out_is_as_before() -> None:
    twice, never = datetime(2020, 12, 27, 1, 30), datetime(2016, 12, 4, 2, 30)
    told = [one.replace(tzinfo=zone(clock)) for one, clock in ((twice, VOLGOGRAD), (never, SARATOV))]
    assert [time.isoformat()[-6:] for time in told] == ["+04:00", "+03:00"]
    assert [time.replace(fold=1).isoformat()[-6:] for time in told] == ["+03:00", "+04:00"]


def test_a_municipality_has_its_own_clock_only_where_it_says_so() -> None:
    yakutia = {"kind": "region", "utc_offset": "+09:00", "clocks": None}
    rows: list[dict[str, Any]] = [
        {"_id": "RU-SA", **yakutia},
        {"_id": "RU-SA-001", "kind": "municipality", "utc_offset": "+09:00"},
        {"_id": "RU-SA-002", "kind": "municipality", "utc_offset": "+10:00", "clocks": []},
        {
            "_id": "RU-SA-003",
            "kind": "municipality",
            "utc_offset": "+11:00",
            "clocks": [{"since": "2011-12-31T13:00:00Z", "utc_offset": "+10:00"}],
        },
    ]
    clocks = Clocks.of_rows(rows)
    found = [clocks.of("RU-SA", town) for town in (None, "RU-SA-001", "RU-SA-002", "RU-SA-003")]
    assert found == ["+09:00", "+09:00", "+10:00", "+11:00 2011-12-31T13:00:00Z +10:00"]
    assert (clocks.of("RU-KAM"), first_offset(found[3] or "")) == (None, "+11:00")
    stays = [("", "RU-SA-001"), ("2021-03-01", "RU-SA-002"), ("2021-04-01", "RU-SA-001")]
    assert clocks.of_stays("RU-SA", stays) == "+09:00 2021-02-28T14:00:00Z +10:00 2021-03-31T15:00:00Z +09:00"
