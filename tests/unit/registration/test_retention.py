"""Who is due to be erased and when: by the day on which it happened, on the region's clock, and a week on the list."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.registration.domain.archive import archive, restore
from services.registration.domain.consents import give_consent, withdraw_consent
from services.registration.domain.erasure import erase
from services.registration.domain.merges import merge
from services.registration.domain.participants import Consent, Participant
from services.registration.domain.retention import (
    LEFT_DAYS,
    MOST_SEASONS,
    NOTICE,
    Due,
    Listed,
    TermEntry,
    Terms,
    due,
    erased_on,
    is_near,
    latest,
    may_be_erased,
)
from shared.base.errors import Conflict
from tests.builders.events import at
from tests.builders.registration import NOW, entered, pupil

TERMS = Terms(region="RU-ROS")
DAY = timedelta(days=1)


def participant() -> Participant:
    return entered(pupil()).decisions[0].state


def withdrawn(time: datetime = NOW) -> Participant:
    return withdraw_consent(participant(), time).state


def left(time: datetime = NOW) -> Participant:
    return archive(participant(), "left", time).state


def shown(found: Due | None) -> tuple[str, str] | None:
    return found and (found.reason, found.day.isoformat())


def test_a_consent_that_was_not_given_again_is_due_after_thirty_days() -> None:
    assert shown(due(withdrawn(at("2020-11-01")), TERMS)) == ("consent-withdrawn", "2020-12-01")
    assert due(participant(), TERMS) is None
    again = Consent(version="2020-2", channel="paper", given_at=at("2020-11-20"), guardian="g")
    assert due(give_consent(withdrawn(at("2020-11-01")), again).state, TERMS) is None


def test_the_day_is_that_of_the_region_whatever_clock_told_the_time() -> None:
    late = datetime(2020, 11, 1, 22, 30, tzinfo=UTC)  # half past one of the next day in Rostov
    assert shown(due(withdrawn(late), TERMS)) == ("consent-withdrawn", "2020-12-02")
    state = withdrawn(late)
    east = state.model_copy(update={"place": state.place.model_copy(update={"utc_offset": "-01:00"})})
    assert shown(due(east, TERMS)) == ("consent-withdrawn", "2020-12-01")


def test_who_left_is_due_after_the_term_of_region_and_season() -> None:
    state = left(at("2020-11-01"))
    assert shown(due(state, TERMS)) == ("left", (date(2020, 11, 1) + LEFT_DAYS * DAY).isoformat())
    region = TERMS.with_term(TermEntry(left_days=365))
    assert shown(due(state, region)) == ("left", "2021-11-01")
    season = region.with_term(TermEntry(season="2020", left_days=100))
    assert shown(due(state, season)) == ("left", "2021-02-09")
    later = state.model_copy(update={"seasons": {**state.seasons, "2021": at("2021-09-01")}})
    assert shown(due(later, season)) == ("left", "2021-11-01"), "the season into which the pupil was entered last"
    assert due(restore(state, at("2020-11-05")).state, TERMS) is None
    assert due(archive(participant(), "mistake", NOW).state, TERMS) is None


def test_of_two_reasons_the_earlier_one_holds() -> None:
    both = archive(withdrawn(at("2020-11-10")), "left", at("2020-11-01")).state
    assert shown(due(both, TERMS)) == ("left", "2020-12-01")
    assert shown(due(both, TERMS.with_term(TermEntry(left_days=60)))) == ("consent-withdrawn", "2020-12-10")


def test_an_entry_that_was_merged_or_erased_is_due_for_nothing() -> None:
    other = participant().model_copy(update={"id": "survivor", "guardians": ("other",), "codes": ()})
    duplicate = merge(other, withdrawn(), {}, NOW).duplicate.state
    assert due(duplicate, TERMS) is None
    assert due(erase(left(), "act", NOW).state, TERMS) is None


def on_list(found: Due, since: date) -> Listed:
    return Listed.entered(found, since)


@given(st.integers(-40, 40), st.integers(-40, 40), st.integers(0, 60))
def test_nobody_is_erased_before_the_day_nor_within_a_week_on_the_list(day: int, since: int, later: int) -> None:
    today = date(2020, 11, 1)
    found = Due("left", NOW, today + day * DAY, 1)
    listed = on_list(found, today + since * DAY)
    on = today + later * DAY
    may = may_be_erased(found, listed, on)
    assert may == (on >= found.day and on >= listed.since + NOTICE)
    assert may == (erased_on(found, listed, on) <= on)
    assert not may_be_erased(found, None, on)
    assert erased_on(found, None, on) >= max(found.day, on), "the week of one whom no job has seen yet is to come"


@pytest.mark.parametrize("change", [{"reason": "consent-withdrawn"}, {"day": date(2020, 11, 2)}, {"turn": 2}])
def test_another_reason_day_or_turn_begins_the_week_anew(change: dict[str, object]) -> None:
    found = Due("left", NOW, date(2020, 11, 1), 1)
    listed = on_list(found, date(2020, 10, 1))
    assert may_be_erased(found, listed, date(2020, 11, 1))
    assert not may_be_erased(found._replace(**change), listed, date(2020, 12, 1))  # type: ignore[arg-type]


def test_who_came_back_in_between_is_due_anew() -> None:
    first = due(left(at("2020-11-01")), TERMS)
    again = archive(restore(left(at("2020-11-01")), at("2020-11-02")).state, "left", at("2020-11-01"))
    second = due(again.state, TERMS)
    assert first is not None
    assert second is not None
    assert (first.day, first.reason) == (second.day, second.reason)
    assert not on_list(first, date(2020, 11, 24)).is_of(second)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2021, 1, 1)), st.sampled_from(["+12:00", "+02:00", "-09:00"]))
def test_what_is_looked_for_in_the_database_holds_all_who_are_due(moment: datetime, offset: str) -> None:
    state = withdrawn(moment.replace(tzinfo=UTC) + timedelta(days=400))
    state = state.model_copy(update={"place": state.place.model_copy(update={"utc_offset": offset})})
    found = due(state, TERMS)
    assert found is not None
    assert found.since < latest(TERMS, found.day)
    assert is_near(found, found.day - NOTICE)
    assert not is_near(found, found.day - NOTICE - DAY)


@pytest.mark.parametrize("days", [6, 1_826, 30.0, "30", None])
def test_a_term_has_bounds(days: object) -> None:
    with pytest.raises(ValidationError):
        TermEntry.model_validate({"left_days": days})


def test_terms_of_seasons_have_a_bound() -> None:
    full = Terms(region="RU-ROS", seasons={str(n): 30 for n in range(MOST_SEASONS)})
    assert full.with_term(TermEntry(season="1", left_days=60)).seasons["1"] == 60
    with pytest.raises(Conflict):
        full.with_term(TermEntry(season="more", left_days=60))
