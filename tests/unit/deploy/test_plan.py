"""A plan, counted anew step by step, gives exactly the scenario's figures in the order of life."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from deploy.simulator.acts import Act, Amendment, Attend, Book, Define, Enrol, Link, Publish, Sit
from deploy.simulator.folder import load
from deploy.simulator.instruments import instruments
from deploy.simulator.plan import Plan, plan
from deploy.simulator.population import Pupil
from deploy.simulator.scenario import CORRECTIONS, Competency, Gate, Municipality, Scenario, allot, ranking
from deploy.simulator.schooldays import SchoolDays
from deploy.simulator.simulation import INSTRUMENTS
from tests.unit.deploy.recount import Recount

FOLDER = Path(__file__).parents[3] / "deploy" / "scenarios"
TODAY = date(2026, 1, 15)


def planned(scenario: Scenario, seed: int = 1, today: date = TODAY) -> Plan:
    return plan(scenario, instruments(scenario.diagnostics, INSTRUMENTS), Random(seed), today)


@st.composite
def municipalities(draw: st.DrawFn, trials_required: int, gate: Gate) -> tuple[Municipality, ...]:
    rows = []
    for index in range(draw(st.integers(1, 4))):
        registered = draw(st.integers(0, 90))
        participated = draw(st.integers(0, registered))
        tested = draw(st.integers(0, participated))
        attended = draw(st.integers(0, tested))
        completed = attended if trials_required == 1 else draw(st.integers(0, attended))
        recommended = completed if gate is Gate.AFTER_ALL_STAGES else tested
        code, name = f"XX-TST-{index}", f"Район {index}"
        rows.append(Municipality(code, name, registered, participated, tested, attended, completed, recommended))
    return tuple(rows)


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """Any scenario that keeps the rules: both gates, one to twenty trials, one day to a year."""
    trials_required, gate = draw(st.integers(1, 20)), draw(st.sampled_from(Gate))
    rows = draw(municipalities(trials_required, gate))
    attendances = sum(m.attendances(trials_required) for m in rows)
    weights = draw(st.lists(st.integers(0, 9), min_size=1, max_size=6).filter(any))
    opens = draw(st.dates(date(2019, 1, 1), date(2024, 12, 31)))
    registered = sum(m.registered for m in rows)
    low = draw(st.integers(1, 11))
    return Scenario(
        season="2023-24",
        region="XX-TST",
        name="Область",
        zone=timezone(timedelta(minutes=draw(st.integers(-24, 28)) * 30)),
        opens=opens,
        closes=opens + timedelta(days=draw(st.integers(0, 365))),
        grades=(low, draw(st.integers(low, 11))),
        diagnostics=tuple(draw(st.permutations(["readiness", "interests", "unheard-of"]))[: draw(st.integers(1, 3))]),
        trials_required=trials_required,
        gate=gate,
        registered=registered,
        participants=sum(m.participated for m in rows),
        recommendations=sum(m.recommended for m in rows),
        guardians=draw(st.integers(0, registered)),
        trial_attendances=attendances,
        competency_count=len(weights),
        ranking=ranking(rows),
        reported=(),
        municipalities=rows,
        competencies=tuple(Competency(f"c{i}", f"К {i}", n) for i, n in enumerate(allot(attendances, weights))),
    )


def row(m: Municipality) -> tuple[int, ...]:
    return (m.registered, m.participated, m.tested, m.trial_attended, m.completed, m.recommended)


def assert_gives_the_scenario(season: Plan) -> None:
    scenario, recount = season.scenario, Recount(season.scenario)
    for step in season.steps:
        caused = recount.take(step)
        if "defined" not in caused:
            assert +caused == Counter(step.events), step
    assert {m.code: recount.columns(m.code) for m in scenario.municipalities} == {
        m.code: row(m) for m in scenario.municipalities
    }
    assert +recount.competencies == +Counter({c.code: c.attended for c in scenario.competencies})
    assert {slot.competency for slot in recount.offered.values()} >= {c.code for c in scenario.competencies}
    assert len(recount.guardians) == scenario.guardians
    assert recount.competencies.total() == scenario.trial_attendances
    assert not any(recount.booked.values()), "every booking is attended"
    assert season.events == sum(sum(step.events.values()) for step in season.steps)


def concerned(act: Act) -> Sequence[Pupil]:
    """The pupils of whose chain a step is part."""
    match act:
        case Sit() | Book() | Attend():
            return act.pupils
        case Enrol(school_class):
            return school_class.pupils
        case Amendment("merge", pupil, _, Pupil() as duplicate):
            return (pupil, duplicate)
        case Define() | Publish() | Link():
            return ()
        case amendment:
            return (amendment.pupil,)


def assert_in_order(season: Plan) -> None:
    """Steps stand by date within the season, each after all that it needs; a pupil's steps are a chain."""
    latest: dict[int, int] = {}
    for number, step in enumerate(season.steps):
        assert step.number == number
        assert all(need < number for need in step.needs)
        assert number == 0 or season.steps[number - 1].at <= step.at
        assert season.scenario.opens <= step.at.date() <= season.scenario.closes
        assert step.at.utcoffset() == season.scenario.zone.utcoffset(None)
        pupils = concerned(step.act)
        assert {latest[p.number] for p in pupils if p.number in latest} <= set(step.needs)
        latest.update((p.number, number) for p in pupils)


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


def assert_nobody_is_in_two_slots_at_once(season: Plan) -> None:
    hours: dict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
    for step in season.steps:
        if isinstance(step.act, Attend):
            slot = step.act.slot
            assert 15 <= slot.minutes <= 90
            for pupil in step.act.pupils:
                hours[pupil.number].append((slot.starts_at, slot.starts_at + timedelta(minutes=slot.minutes)))
    for own in hours.values():
        own.sort()
        assert all(one[1] <= other[0] for one, other in pairwise(own))


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


SHARES = st.dictionaries(st.sampled_from(CORRECTIONS), st.floats(0, 0.15), min_size=1)


@given(scenarios(), SHARES, st.integers(0, 2**32))
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], max_examples=40)
def test_any_plan_with_corrections_comes_to_the_same_figures(
    scenario: Scenario, corrections: dict[str, float], seed: int
) -> None:
    try:
        season = planned(replace(scenario, corrections=corrections), seed)
    except ValueError:  # a share that cannot be met
        reject()
    assert_in_order(season)
    assert_gives_the_scenario(season)
    assert_nobody_is_in_two_slots_at_once(season)


def test_each_correction_befalls_its_share() -> None:
    share = 0.05
    scenario = replace(load(FOLDER / "rostov-2020").scaled(0.05), corrections=dict.fromkeys(CORRECTIONS, share))
    season = planned(scenario)
    assert_in_order(season)
    assert_gives_the_scenario(season)
    acts = Counter(step.act.kind for step in season.steps if isinstance(step.act, Amendment))
    wanted = round(scenario.registered * share)
    for kind in ("move", "ask", "confirm", "merge", "archive", "withdraw", "erase"):
        assert acts[kind] == wanted
    assert 0 < acts["consent"] <= wanted - wanted // 2
    assert 0 < acts["correct"] < wanted
    rosters = [step.act.school_class for step in season.steps if isinstance(step.act, Enrol)]
    said = Counter(pupil.number for c in rosters for pupil in c.pupils)
    assert sum(said[number] > 1 for number in said) > wanted * 2
    pupils = {pupil.number: pupil for c in season.classes for pupil in c.pupils}
    misspelt = {
        p.number for c in rosters for p in c.pupils if p.number in pupils and not same_child(p, pupils[p.number])
    }
    assert len(misspelt) == wanted


def same_child(one: Pupil, other: Pupil) -> bool:
    return (one.name, one.birth_date) == (other.name, other.birth_date)


@pytest.mark.parametrize(
    ("corrections", "reason"),
    [
        ({"moves": 1, "corrections": 0.5}, "ask for 145 of `corrections`, but there are 0 pupils of the scenario"),
        ({"merges": 1}, "ask for 289 of `merges`, but there are 2[0-9]* pupils with a consent whom another school"),
        ({"transfers": 1}, "ask for 289 of `transfers`, but there are [0-9]+ pupils whom another school can enter, 25"),
        ({"guardians": 1}, "ask for 289 of `guardians`, but there are 2[0-9]* pupils with a guardian"),
        ({"withdrawals": 0.6, "erasures": 0.6}, "of `withdrawals`, but there are [0-9]+ pupils with a consent, beside"),
    ],
)
def test_a_share_that_cannot_be_met_is_refused_with_the_reason(corrections: dict[str, float], reason: str) -> None:
    scenario = replace(load(FOLDER / "rostov-2020").scaled(0.01), corrections=corrections)
    with pytest.raises(ValueError, match=reason):
        planned(scenario)


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
