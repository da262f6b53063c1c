"""The terms of a season: each act by the version of its day, a seat by the one under which it was taken."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.trials.domain.calendar import restored_seasons
from services.trials.domain.calendar.season_terms import MOST_LETTERS, MOST_VERSIONS, Terms, TermsEntry, TermsVersion
from services.trials.domain.calendar.seasons import Season, SeasonRules, define, revise
from services.trials.domain.path.caller import Caller, Said
from services.trials.domain.path.paths import Path, Paths
from services.trials.domain.path.states import States
from services.trials.domain.seats.bookings import BookingBatch
from services.trials.domain.timetable import slot_changes
from services.trials.domain.timetable.slot_changes import Change, SlotClosing
from services.trials.domain.timetable.slots import Slot
from shared.base.errors import BadInput, Conflict, ServiceError
from shared.contracts.terms import SeasonRevised
from shared.identity.exceptions import may_except
from shared.identity.grants import Grant
from shared.identity.principal import Principal
from shared.programme.clocks import Clocks
from shared.programme.versions import in_force
from tests.builders.events import ROSTOV, at, enveloped
from tests.builders.trials import RULES, pupil, season, slot
from tests.builders.walks import ids

DAYS = [date(2020, 9, 1) + timedelta(days=n) for n in range(6)]
OPERATOR = Principal("o", "o", (Grant("regional-operator", "RU-ROS"),))
NAVIGATOR = Principal("n", "n", (Grant("navigator", "RU-ROS-001-S01"),))


def revised(known: Season, since: str, set_on: str = "2020-09-01", **terms: Any) -> Season:
    entry = TermsEntry.model_validate(terms)
    return revise(known, "2020", date.fromisoformat(since), entry, at(set_on), at(set_on)).state


@given(st.lists(st.tuples(st.sampled_from(DAYS), st.integers(1, 9)), max_size=5), st.integers(0, 5), st.integers(0, 23))
def test_the_version_of_a_time_is_the_latest_that_was_set_and_has_begun(
    versions: list[tuple[date, int]], day: int, hour: int
) -> None:
    """Of the first day each hour sets another one."""
    kept = [
        TermsVersion(since=since, set_at=at(str(DAYS[0]), hour), terms=Terms(days_ahead=n))
        for hour, (since, n) in enumerate(versions)
    ]
    expected = None
    for set_at, (since, n) in enumerate(versions):  # what begins no earlier comes in the place of what was set before
        is_set = day > 0 or set_at <= hour
        if is_set and since <= DAYS[day] and (expected is None or since >= expected[0]):
            expected = (since, n)
    found = in_force(kept, at(str(DAYS[day]), hour))
    assert (found and (found.since, found.terms.days_ahead)) == expected


def test_terms_change_while_the_season_runs_and_its_rules_do_not() -> None:
    running = revised(season(), "2020-09-10", bookings_at_once=2)
    again, later_on = TermsEntry(bookings_at_once=2), at("2020-09-20")
    assert revise(running, "2020", date(2020, 9, 10), again, later_on, later_on).happened == ()
    later = revised(running, "2020-09-20", "2020-09-15", bookings_at_once=3)
    days = [at("2020-09-09"), at("2020-09-10"), at("2020-09-20")]
    assert [later.terms_at(day).bookings_at_once for day in days] == [None, 2, 3]
    with pytest.raises(BadInput, match="lies before"):
        revised(running, "2020-09-14", "2020-09-15", bookings_at_once=3)
    with pytest.raises(Conflict):
        define(later, "2020", SeasonRules.model_validate({**RULES, "trials_required": 3}), at("2020-09-20"))
    closed = later.model_copy(update={"closed_at": at("2020-12-20")})
    with pytest.raises(Conflict):
        revised(closed, "2020-12-21", "2020-12-21", bookings_at_once=9)


def test_terms_for_days_that_are_over_come_before_the_first_fact_alone() -> None:
    since, set_at, now = date(2020, 9, 1), at("2020-08-20"), at("2020-09-20")
    for in_use in (False, True):
        known = season().model_copy(update={"in_use": in_use})
        if in_use:
            with pytest.raises(BadInput, match="lies before 2020-09-20"):
                revise(known, "2020", since, TermsEntry(days_ahead=3), set_at, now)
        else:
            assert revise(known, "2020", since, TermsEntry(days_ahead=3), set_at, now).state.versions


def test_versions_and_all_of_their_texts_together_are_bounded() -> None:
    long = {occasion: {"ru": "a" * 2_000} for occasion in ("welcome", "booking", "afterwards")}
    for texts, most in ((long, MOST_LETTERS // 6_000), ({}, MOST_VERSIONS)):
        (version,) = revised(season(), "2020-09-10", texts=texts).versions
        full = season().model_copy(update={"versions": (version,) * (most - 1)})
        full = revised(full, "2020-09-11", texts=texts)
        with pytest.raises(Conflict) as refused:
            revised(full, "2020-09-12", texts=texts)
        assert refused.value.type == "too-many-versions"


def test_what_an_event_tells_restores_the_terms() -> None:
    entry = {
        "notice": {"family": 24},
        "deadlines": {"bookings": "2020-11-30"},
        "texts": {"booking": {"ru": "Правила", "en": None}},
    }
    decision = revise(season(), "2020", date(2020, 9, 10), TermsEntry.model_validate(entry), *[at("2020-09-01")] * 2)
    (fact,) = decision.happened
    assert isinstance(fact.event, SeasonRevised)
    event = SeasonRevised.read(fact.event.model_dump_json().encode())
    restored = restored_seasons.revised(season(), enveloped(event, 3, fact.time), event)
    assert restored.versions == decision.state.versions
    stored = decision.state.model_dump()
    assert Season.model_validate(stored) == decision.state


def booking(rules: Season, place: Slot, time: datetime, who: Principal = NAVIGATOR, path: Path | None = None) -> Any:
    """What comes of a booking: its path, or the slug of the refusal; an operator makes an exception."""
    known = {"p1": pupil()}
    states = States(known, Paths([path] if path else []), {"2020": rules}, Clocks({"RU-ROS": "+03:00"}), {"p1": ["p1"]})
    batch = BookingBatch({place.id: place}, states, ids())
    said = Said(time, "technical" if who is OPERATOR else None)
    try:
        batch.book("p1", place.id, said, Caller(who, at("2020-12-31"), known, states.zones))
    except ServiceError as refused:
        return refused.type
    (decision,) = states.paths.made
    return decision


@pytest.mark.parametrize(
    ("terms", "booked_on", "expected"),
    [
        ({"days_ahead": 10}, "2020-09-24", "too-early"),
        ({"days_ahead": 10}, "2020-09-25", None),
        ({"deadlines": {"bookings": "2020-09-24"}}, "2020-09-24", None),
        ({"deadlines": {"bookings": "2020-09-24"}}, "2020-09-25", "deadline-over"),
        ({"deadlines": {"bookings": "2020-09-02"}}, "2020-09-09", None),  # before the terms are in force
    ],
)
def test_a_seat_is_taken_by_the_terms_of_its_day(terms: dict[str, Any], booked_on: str, expected: str | None) -> None:
    rules = revised(season(), "2020-09-10", **terms)
    found = booking(rules, slot(), at(booked_on))
    assert (found if isinstance(found, str) else None) == expected
    if expected:
        (fact,) = booking(rules, slot(), at(booked_on), OPERATOR).happened
        assert fact.event.exception == "technical"


def test_a_pupil_has_so_many_seats_ahead_and_nobody_but_an_operator_makes_an_exception() -> None:
    rules = revised(season(), "2020-09-10", bookings_at_once=1)
    first = booking(rules, slot(), at("2020-09-20")).state
    other = slot("s2", starts_at=at("2020-10-06"))
    assert booking(rules, other, at("2020-09-20"), path=first) == "too-many-ahead"
    assert booking(rules, other, at("2020-10-05", 15), path=first).happened, "the first has begun"
    assert booking(rules, slot(), at("2021-01-01")) == "bad-input"
    with pytest.raises(BadInput) as refused:
        may_except("illness", NAVIGATOR, "RU-ROS", "RU-ROS-001")
    assert refused.value.errors[0].pointer == "exception"


def test_a_seat_is_given_up_by_the_terms_under_which_it_was_taken() -> None:
    rules = revised(season(), "2020-09-20", notice={"family": 24, "school": 2, "venue": 48})
    starts, late = at("2020-10-05", 14), at("2020-10-05", 10)
    rules.must_let_give_up("family", at("2020-09-19"), late, starts)
    rules.must_let_give_up("school", at("2020-09-20"), late, starts)
    rules.must_let_give_up(None, at("2020-09-20"), starts, starts)
    with pytest.raises(Conflict) as refused:
        rules.must_let_give_up("family", at("2020-09-20"), late, starts)
    assert refused.value.type == "too-late"


@pytest.mark.parametrize(("by_venue", "booked"), [(True, 0), (False, 1)])
def test_a_slot_that_nobody_booked_and_an_operator_need_no_notice(by_venue: bool, booked: int) -> None:
    rules = revised(season(), "2020-09-20", notice={"venue": 48})
    change = Change(rules, ROSTOV, at("2020-10-04"), by_venue=by_venue)
    assert slot_changes.close(slot(booked=booked), SlotClosing(reason="frost"), change, afterwards=False).happened


def test_a_venue_calls_off_in_time_what_is_booked() -> None:
    rules = revised(season(), "2020-09-20", notice={"venue": 48})
    change = Change(rules, ROSTOV, at("2020-10-04"), by_venue=True)
    with pytest.raises(Conflict) as refused:
        slot_changes.close(slot(booked=1), SlotClosing(reason="frost"), change, afterwards=False)
    assert refused.value.type == "too-late"
