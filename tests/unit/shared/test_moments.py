"""Times are told on the region's clock, whatever offset they were given in."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from shared.base.errors import BadInput
from shared.programme.moments import Moment, happened_at, zone
from tests.builders.events import at

NOW = datetime(2020, 11, 1, 9, tzinfo=UTC)
OFFSETS = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2020, 10, 30), timezones=OFFSETS),
    st.sampled_from(["+02:00", "+03:00", "+09:00", "+12:00", "-05:30"]),
)
def test_the_local_day_is_the_regions_in_whatever_offset_a_time_is_given(given_at: datetime, offset: str) -> None:
    told = happened_at(given_at, NOW, zone(offset))
    assert told == given_at
    assert told.utcoffset() == zone(offset).utcoffset(None)


def test_a_late_evening_elsewhere_is_the_next_day_here() -> None:
    evening = datetime(2020, 9, 14, 22, 30, tzinfo=UTC)
    assert happened_at(evening, NOW, zone("+03:00")).isoformat() == "2020-09-15T01:30:00+03:00"
    assert happened_at(at("2020-09-14", 21), NOW, zone("+09:00")).isoformat() == "2020-09-15T03:00:00+09:00"


def test_what_is_not_given_happens_now_and_nothing_happens_later() -> None:
    assert happened_at(None, NOW, zone("+11:00")).isoformat() == "2020-11-01T20:00:00+11:00"
    with pytest.raises(BadInput, match="/given_at: lies in the future"):
        happened_at(NOW + timedelta(seconds=1), NOW, zone("+03:00"), "/given_at")


@pytest.mark.parametrize("text", ["1999-12-31T23:00:00Z", "2101-01-01T00:00:00Z", "2020-09-14T10:00:00"])
def test_a_moment_lies_in_this_century_and_has_an_offset(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter[datetime](Moment).validate_python(text)
