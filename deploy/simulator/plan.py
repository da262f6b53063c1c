"""A scenario as commands in the order of the season's dates: pure, seeded, with explicit dependencies."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from random import Random

from deploy.simulator.acts import Enrol, Link, Sit, Step, guardian, staff
from deploy.simulator.catalogue import Catalogue, catalogue
from deploy.simulator.draft import Draft
from deploy.simulator.instruments import Instrument
from deploy.simulator.population import Depth, Pupil, SchoolClass, populate
from deploy.simulator.scenario import Gate, Scenario
from deploy.simulator.schooldays import SchoolDays, Window, part
from deploy.simulator.trials import Trials

ROSTERS: Window = (0.01, 0.14)
LINKS: Window = (0.14, 0.17)
DIAGNOSTICS: Window = (0.17, 0.36)
TRIALS: Window = (0.36, 1.0)
STARTED_DIAGNOSTICS = 0.7
"""Of the pupils who take part without being tested, where a diagnostic may be left out; the others go on excursion."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps of a season by date, and the classes they are about."""

    scenario: Scenario
    classes: tuple[SchoolClass, ...]
    steps: tuple[Step, ...]

    @property
    def events(self) -> int:
        """The number of events that the whole plan causes."""
        return sum(sum(step.events.values()) for step in self.steps)


def plan(scenario: Scenario, instruments: Mapping[str, Instrument], rng: Random, today: date) -> Plan:
    """Plans the season for a platform whose clock says `today`; raises `ValueError` where it has not begun."""
    days = SchoolDays.of(scenario.opens, scenario.closes, scenario.zone, today)
    classes = populate(scenario, rng)
    season = _Season(scenario, days, rng)
    known = catalogue(scenario, dict.fromkeys(c.school for c in classes), instruments, season.draft, days.at(0), rng)
    pupils = [pupil for c in classes for pupil in c.pupils]
    for c in classes:
        season.enrol(c, known)
    for pupil in pupils:
        season.open_cabinet(pupil)
    taken = {pupil.number: season.diagnostics(pupil) for pupil in pupils}
    for place in range(len(scenario.diagnostics)):
        for c in classes:
            season.diagnose(c, place, taken)
    tourists = [p for p in pupils if p.depth is Depth.PARTICIPATED and not taken[p.number]]
    Trials(scenario, days, known, season.draft, rng).hold(pupils, tourists, TRIALS)
    return Plan(scenario, classes, season.draft.ordered())


@dataclass(frozen=True, slots=True)
class _Season:
    """Drafts a season up to its trials."""

    scenario: Scenario
    days: SchoolDays
    rng: Random
    draft: Draft = field(default_factory=Draft)

    def enrol(self, c: SchoolClass, known: Catalogue) -> None:
        moment = self.rng.uniform(*ROSTERS)
        act = Enrol(c, self.days.at(moment * self.rng.random()))
        consents = sum(pupil.guardian is not None for pupil in c.pupils)
        events = {"participant.registered.v1": len(c.pupils), "consent.given.v1": consents}
        needs = (known.season, known.schools[c.school.code])
        self.draft.add(staff("navigator", c.school.code), self.days.at(moment), act, events, needs, c.pupils)

    def open_cabinet(self, pupil: Pupil) -> None:
        if pupil.guardian is not None and pupil.cabinet:
            at, needs = self.days.at(self.rng.uniform(*LINKS)), (self.draft.latest(pupil),)
            self.draft.add(guardian(pupil.guardian.ref), at, Link(pupil), {"guardian.linked.v1": 1}, needs)

    def diagnostics(self, pupil: Pupil) -> Collection[str]:
        """The codes of the diagnostics that a pupil takes."""
        required = self.scenario.diagnostics
        if pupil.depth >= Depth.TESTED:
            return required
        if pupil.depth is Depth.PARTICIPATED and len(required) > 1 and self.rng.random() < STARTED_DIAGNOSTICS:
            return self.rng.sample(required, self.rng.randint(1, len(required) - 1))
        return ()

    def diagnose(self, c: SchoolClass, place: int, taken: Mapping[int, Collection[str]]) -> None:
        required = self.scenario.diagnostics
        sitting = tuple(pupil for pupil in c.pupils if required[place] in taken[pupil.number])
        if sitting:
            opens_gate = self.scenario.gate is Gate.AFTER_DIAGNOSTICS and place == len(required) - 1
            recommended = sum(pupil.depth >= Depth.TESTED for pupil in sitting) if opens_gate else 0
            events = {"diagnostic.completed.v1": len(sitting), "recommendation.issued.v1": recommended}
            at = self.days.at(self.rng.uniform(*part(DIAGNOSTICS, place, len(required))))
            act = Sit(required[place], sitting)
            self.draft.add(staff("navigator", c.school.code), at, act, events, pupils=sitting)
