"""A plan, counted anew step by step, gives exactly the scenario's figures in the order of life."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.simulator.acts import Attend, Book, Define, Enrol, Link, Publish, Sit, Slot, Step
from deploy.simulator.folder import load
from deploy.simulator.instruments import instruments
from deploy.simulator.plan import Plan, plan
from deploy.simulator.population import Pupil
from deploy.simulator.scenario import Competency, Gate, Municipality, Scenario, allot, ranking
from deploy.simulator.schooldays import SchoolDays

FOLDER = Path(__file__).parents[2] / "deploy" / "scenarios"
TODAY = date(2026, 1, 15)


def planned(scenario: Scenario, seed: int = 1, today: date = TODAY) -> Plan:
    return plan(scenario, instruments(scenario.diagnostics, FOLDER / "instruments"), Random(seed), today)


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


@dataclass
class Recount:
    """Follows the steps as the platform would, by its rules alone, and counts what comes out."""

    scenario: Scenario
    pupils: dict[int, Pupil] = field(default_factory=dict)
    diagnostics: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    trials: Counter[int] = field(default_factory=Counter)
    outings: Counter[int] = field(default_factory=Counter)
    recommended: set[int] = field(default_factory=set)
    guardians: set[str] = field(default_factory=set)
    competencies: Counter[str] = field(default_factory=Counter)
    offered: dict[str, Slot] = field(default_factory=dict)
    booked: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    defined: set[str] = field(default_factory=set)

    def take(self, step: Step) -> Counter[str]:
        """The events that the step causes."""
        match step.act:
            case Define(route, code):
                assert f"{route} {code}" not in self.defined
                self.defined.add(f"{route} {code}")
                return Counter({"defined": 1})
            case Enrol(school_class, consents_from):
                assert consents_from <= step.at
                self.pupils.update({p.number: p for p in school_class.pupils})
                consents = sum(p.guardian is not None for p in school_class.pupils)
                return Counter({"participant.registered.v1": len(school_class.pupils), "consent.given.v1": consents})
            case Link(pupil):
                assert pupil.number in self.pupils
                assert pupil.guardian is not None
                assert step.actor.subject == f"guardian:{pupil.guardian.ref}"
                self.guardians.add(pupil.guardian.ref)
                return Counter({"guardian.linked.v1": 1})
            case Publish(venue, slots):
                assert len(slots) <= 200
                assert all(slot.venue == venue and slot.ref not in self.offered for slot in slots)
                self.offered.update({slot.ref: slot for slot in slots})
                return Counter({"slot.opened.v1": len(slots)})
        return self.take_part(step)

    def take_part(self, step: Step) -> Counter[str]:
        events: Counter[str] = Counter()
        assert isinstance(step.act, Sit | Book | Attend)
        for pupil in step.act.pupils:
            assert self.pupils[pupil.number].guardian is not None, "nobody takes part without consent"
            match step.act:
                case Sit(diagnostic):
                    assert diagnostic not in self.diagnostics[pupil.number]
                    self.diagnostics[pupil.number].add(diagnostic)
                    events["diagnostic.completed.v1"] += 1
                case Book(slot):
                    assert step.at < self.offered[slot.ref].starts_at
                    assert pupil.number not in self.booked[slot.ref]
                    self.booked[slot.ref].add(pupil.number)
                    assert len(self.booked[slot.ref]) <= slot.capacity
                    events["trial.booked.v1"] += 1
                case Attend(slot):
                    assert step.at >= slot.starts_at
                    self.booked[slot.ref].remove(pupil.number)
                    self.attend(slot, pupil)
                    events["trial.attended.v1"] += 1
            events["recommendation.issued.v1"] += self.opens_gate(pupil)
        return events

    def attend(self, slot: Slot, pupil: Pupil) -> None:
        if slot.kind in ("trial", "partner-trial"):
            self.trials[pupil.number] += 1
            self.competencies[slot.competency] += 1
        else:
            self.outings[pupil.number] += 1

    def opens_gate(self, pupil: Pupil) -> bool:
        tested = self.diagnostics[pupil.number] >= set(self.scenario.diagnostics)
        enough = self.trials[pupil.number] >= self.scenario.trials_required
        opens = tested and (enough or self.scenario.gate is Gate.AFTER_DIAGNOSTICS)
        if not opens or pupil.number in self.recommended:
            return False
        self.recommended.add(pupil.number)
        return True

    def columns(self, code: str) -> tuple[int, ...]:
        """The row of a municipality as `municipalities.csv` has it."""
        counts = Counter[str]()
        for number, pupil in self.pupils.items():
            if pupil.school.municipality.code == code:
                trials, done = self.trials[number], self.diagnostics[number]
                tested = done >= set(self.scenario.diagnostics)
                counts["registered"] += 1
                counts["participated"] += bool(done or trials or self.outings[number])
                counts["tested"] += tested
                counts["attended"] += tested and trials > 0
                complete = tested and trials >= self.scenario.trials_required and number in self.recommended
                counts["completed"] += complete
                counts["recommended"] += number in self.recommended
        order = ("registered", "participated", "tested", "attended", "completed", "recommended")
        return tuple(counts[name] for name in order)


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


def assert_in_order(season: Plan) -> None:
    """Steps stand by date within the season, each after all that it needs; a pupil's steps are a chain."""
    latest: dict[int, int] = {}
    for number, step in enumerate(season.steps):
        assert step.number == number
        assert all(need < number for need in step.needs)
        assert number == 0 or season.steps[number - 1].at <= step.at
        assert season.scenario.opens <= step.at.date() <= season.scenario.closes
        assert step.at.utcoffset() == season.scenario.zone.utcoffset(None)
        pupils = step.act.pupils if isinstance(step.act, Sit | Book | Attend) else ()
        assert {latest[p.number] for p in pupils} <= set(step.needs)
        latest.update((p.number, number) for p in pupils)
        if isinstance(step.act, Enrol):
            latest.update((p.number, number) for p in step.act.school_class.pupils)


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
