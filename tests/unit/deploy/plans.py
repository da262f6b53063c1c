"""Plans of any scenario, and what holds of each: it gives the scenario's figures in the order of life."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from random import Random

from hypothesis import strategies as st

from deploy.simulator.acts import Act, Amendment, AtSlot, Define, Enrol, Publish, Sit
from deploy.simulator.instruments import instruments
from deploy.simulator.plan import Plan, plan
from deploy.simulator.population import Pupil
from deploy.simulator.scenario import Competency, Gate, Municipality, Scenario, allot, ranking
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
        case Sit() | AtSlot():
            return act.pupils
        case Enrol(school_class):
            return school_class.pupils
        case Amendment("merge", pupil, _, Pupil() as duplicate):
            return (pupil, duplicate)
        case Define() | Publish() | Amendment("link"):
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


def assert_nobody_is_in_two_slots_at_once(season: Plan) -> None:
    hours: dict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
    for step in season.steps:
        if isinstance(step.act, AtSlot) and step.act.kind in ("attend", "mistake"):
            slot = step.act.slot
            assert 15 <= slot.minutes <= 90
            for pupil in step.act.pupils:
                hours[pupil.number].append((slot.starts_at, slot.starts_at + timedelta(minutes=slot.minutes)))
    for own in hours.values():
        own.sort()
        assert all(one[1] <= other[0] for one, other in pairwise(own))
