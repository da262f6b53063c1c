"""Timetables by rule: every day, hour and group that the rule says, each once, by the clock of the venue."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.trials.domain.places.venue_terms import VenueTerms
from services.trials.domain.places.venues import Venue
from services.trials.domain.timetable.slots import Schedule
from services.trials.domain.timetable.timetable_rules import WEEKDAYS, TimetableRule
from services.trials.domain.timetable.timetables import SlotBatch
from shared.base.errors import BadInput
from shared.programme.clocks import zone
from tests.builders.events import ROSTOV, at
from tests.builders.trials import OFFER, VENUE, season
from tests.builders.walks import ids

RULE = {
    **{name: value for name, value in OFFER.items() if name != "starts_at"},
    "ref": "autumn",
    "season": "2020",
    "first": "2020-10-01",
    "last": "2020-10-31",
    "weekdays": ["tue", "thu"],
    "hours": ["14:00", "10:00"],
}
SCHEDULE = Schedule(
    venue=Venue(
        id=VENUE,
        organisation=VENUE,
        name="Колледж",
        region="RU-ROS",
        municipality="RU-ROS-001",
        seasons={"2020": "regional"},
    ),
    season=season(),
    approved={"gov"},
    local=ROSTOV,
)


def rule(**changed: Any) -> TimetableRule:
    return TimetableRule.model_validate({**RULE, **changed})


@given(
    st.dates(date(2020, 9, 1), date(2020, 10, 15)),
    st.integers(0, 40),
    st.sets(st.sampled_from(WEEKDAYS), min_size=1),
    st.sets(st.sampled_from(["09:00", "11:00", "13:30", "16:00"]), min_size=1),
    st.integers(1, 3),
    st.sets(st.dates(date(2020, 9, 1), date(2020, 11, 30)), max_size=5),
)
def test_a_slot_is_held_at_each_hour_of_each_day_for_each_group(
    first: date, length: int, weekdays: set[str], hours: set[str], groups: int, without: set[date]
) -> None:
    last = first + timedelta(days=length)
    said = rule(
        first=str(first),
        last=str(last),
        weekdays=sorted(weekdays),
        hours=sorted(hours),
        groups=groups,
        without=[str(day) for day in sorted(without)],
    )
    offers = list(said.offers(ROSTOV))
    assert [offer.starts_at for offer in offers] == sorted(offer.starts_at for offer in offers)
    assert len({offer.ref for offer in offers}) == len(offers)
    day = datetime.combine(date(2020, 8, 1), time(), ROSTOV)
    expected = 0
    while day.year == 2020:  # an independent way: every day of the year
        held = first <= day.date() <= last and day.strftime("%a").lower() in weekdays and day.date() not in without
        expected += held * len(hours) * groups
        at_this_day = [offer.starts_at.strftime("%H:%M") for offer in offers if offer.starts_at.date() == day.date()]
        assert sorted(at_this_day) == (sorted(list(hours) * groups) if held else [])
        day += timedelta(days=1)
    assert len(offers) == expected


def opened(batch: SlotBatch, said: TimetableRule) -> list[bool]:
    return [batch.open(offer).new for offer in said.offers(ROSTOV)]


def test_the_same_rule_opens_nothing_and_one_that_says_more_what_is_new() -> None:
    batch = SlotBatch(SCHEDULE, {}, at("2020-09-01"), ids())
    assert opened(batch, rule()) == [True] * 18
    assert opened(batch, rule()) == [False] * 18
    assert sum(opened(batch, rule(groups=2))) == 18
    assert sum(opened(batch, rule(weekdays=["tue", "thu", "sat"], hours=["10:00", "14:00", "16:00"]))) == 9 + 5 * 3
    assert sum(opened(batch, rule(last="2020-11-03"))) == 2


def test_hours_are_those_of_the_venues_clock_also_after_it_changed() -> None:
    changing = zone("+03:00 2020-10-14T21:00:00Z +04:00")
    times = [offer.starts_at.isoformat() for offer in rule(hours=["10:00"], weekdays=["thu"]).offers(changing)]
    assert times[1:3] == ["2020-10-08T10:00:00+03:00", "2020-10-15T10:00:00+04:00"]


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"last": "2020-09-30"}, "/last"),
        ({"last": "2021-10-02"}, "/last"),
        ({"hours": ["14:00", "15:00"]}, ""),
        ({"hours": ["14:00", "14:00"]}, ""),
        ({"hours": ["24:00"]}, "/hours/0"),
        ({"groups": 20, "weekdays": list(WEEKDAYS)}, ""),
        ({"weekdays": ["monday"]}, "/weekdays/0"),
    ],
)
def test_a_rule_that_cannot_be_held_is_refused(changed: dict[str, Any], pointer: str) -> None:
    with pytest.raises(ValidationError) as refused:
        rule(**changed)
    assert BadInput.invalid(refused.value).errors[0].pointer == pointer


@pytest.mark.parametrize(
    ("changed", "field"), [({"first": "2020-07-01", "last": "2020-07-20"}, "first"), ({"groups": 4}, "groups")]
)
def test_a_rule_lies_within_the_season_and_the_venues_capacity(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as refused:
        rule(**changed).must_fit(season(), VenueTerms(capacity=25))
    assert refused.value.errors[0].pointer == field
