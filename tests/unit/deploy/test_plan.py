"""A plan, counted anew step by step, gives exactly the scenario's figures in the order of life."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.simulator.folder import load
from deploy.simulator.plan import Plan
from deploy.simulator.scenario import Competency, Municipality, Scenario
from deploy.simulator.schooldays import SchoolDays
from tests.unit.deploy.plans import (
    FOLDER,
    TODAY,
    assert_gives_the_scenario,
    assert_in_order,
    assert_nobody_is_in_two_slots_at_once,
    planned,
    scenarios,
)


@given(scenarios(), st.integers(0, 2**32))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_any_plan_counted_anew_gives_its_scenario(scenario: Scenario, seed: int) -> None:
    season = planned(scenario, seed)
    assert_in_order(season)
    assert_gives_the_scenario(season)
    assert_nobody_is_in_two_slots_at_once(season)


@pytest.fixture(scope="module")
def rostov() -> Plan:
    return planned(load(FOLDER / "rostov-2020"))


def test_rostov_counted_anew_gives_the_scenario(rostov: Plan) -> None:
    assert_in_order(rostov)
    assert_gives_the_scenario(rostov)
    assert_nobody_is_in_two_slots_at_once(rostov)


def test_the_season_keeps_school_hours(rostov: Plan) -> None:
    assert all(step.at.weekday() < 5 and 8 <= step.at.hour < 18 for step in rostov.steps)
    assert all(step.at.astimezone(UTC).date() < rostov.scenario.closes for step in rostov.steps)


def test_pupils_are_plausible(rostov: Plan) -> None:
    pupils = [pupil for c in rostov.classes for pupil in c.pupils]
    assert len({pupil.external_ref for pupil in pupils}) == len(pupils)
    ages = {(2020 - pupil.birth_date.year, pupil.grade) for pupil in pupils}
    assert all(grade + 5 <= age <= grade + 6 for age, grade in ages)
    assert all(15 <= len(c.pupils) <= 40 for c in rostov.classes)
    without_consent = sum(pupil.guardian is None for pupil in pupils)
    assert 0 < without_consent <= rostov.scenario.registered - rostov.scenario.participants
    families = Counter(pupil.guardian.ref for pupil in pupils if pupil.guardian is not None and pupil.cabinet)
    assert max(families.values()) >= 2


def test_the_same_seed_plans_the_same_season() -> None:
    scenario = load(FOLDER / "rostov-2020").scaled(0.02)
    assert planned(scenario, 7) == planned(scenario, 7)
    assert planned(scenario, 7) != planned(scenario, 8)


def all_complete(codes: tuple[str, ...], trials_required: int, opens: date, closes: date) -> Scenario:
    """Thirty pupils in each municipality, all of whom complete."""
    pupils = 30 * len(codes)
    return replace(
        load(FOLDER / "rostov-2020"),
        opens=opens,
        closes=closes,
        trials_required=trials_required,
        registered=pupils,
        participants=pupils,
        recommendations=pupils,
        guardians=0,
        trial_attendances=pupils * trials_required,
        competency_count=1,
        ranking=(),
        municipalities=tuple(Municipality(code, code, 30, 30, 30, 30, 30, 30) for code in codes),
        competencies=(Competency("c", "К", pupils * trials_required),),
    )


def test_municipality_codes_never_meet_those_of_schools_and_venues() -> None:
    codes = ("MM", "MM-S01", "MM-V01")
    assert_gives_the_scenario(planned(all_complete(codes, 2, date(2020, 9, 1), date(2020, 12, 1))))


@pytest.mark.parametrize("days", [0, 1, 2, 4, 9])
def test_twenty_trials_fit_in_a_short_season(days: int) -> None:
    opens = date(2021, 3, 1)
    season = planned(all_complete(("MM",), 20, opens, opens + timedelta(days=days)))
    assert_in_order(season)
    assert_gives_the_scenario(season)
    assert_nobody_is_in_two_slots_at_once(season)


def test_a_season_that_has_not_begun_cannot_be_planned() -> None:
    scenario = load(FOLDER / "rostov-2020").scaled(0.01)
    with pytest.raises(ValueError, match="the season opens on 2020-07-07"):
        planned(scenario, today=date(2020, 7, 7))


def test_a_running_season_ends_yesterday() -> None:
    scenario = load(FOLDER / "rostov-2020").scaled(0.01)
    season = planned(scenario, today=date(2020, 10, 1))
    assert max(step.at.date() for step in season.steps) < date(2020, 10, 1)
    assert_gives_the_scenario(season)


@pytest.mark.parametrize("opens", [date(2024, 6, 1), date(2024, 7, 8)])
def test_a_season_of_a_holiday_takes_the_days_that_there_are(opens: date) -> None:
    days = SchoolDays.of(opens, opens, UTC, TODAY)
    assert days.days == (opens,)
