"""A plan with corrections, counted anew, comes to the figures of its scenario."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from deploy.simulator.acts import Amendment, AtSlot, Define, Enrol, Sit
from deploy.simulator.folder import load
from deploy.simulator.population import Pupil
from deploy.simulator.scenario import CORRECTIONS, Scenario
from tests.unit.deploy.plans import (
    FOLDER,
    assert_gives_the_scenario,
    assert_in_order,
    assert_nobody_is_in_two_slots_at_once,
    planned,
    scenarios,
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
    befell = Counter[str]()
    for act in (step.act for step in season.steps if isinstance(step.act, AtSlot)):
        befell[act.kind] += 1 if act.kind == "shift" else len(act.pupils)
    again = sum(isinstance(step.act, Sit) and step.act.round == 2 for step in season.steps)
    assert [befell[kind] for kind in ("revoke", "mistake", "miss", "close")] == [wanted] * 4
    assert again == wanted
    entries = [step.act.body for step in season.steps if isinstance(step.act, Define)]
    moved = [entry["amount"] for entry in entries if "amount" in entry]
    assert min(moved) < 0 < sum(moved)
    assert 0 < befell["shift"] <= wanted
    revised = Counter[str]()
    for step in season.steps:
        revised.update(step.events if isinstance(step.act, AtSlot) and step.act.kind == "revoke" else {})
    assert revised["recommendation.issued.v1"] > 0, "what was recommended is revised"
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
