"""A scenario as commands in the order of the season's dates: pure, seeded, with explicit dependencies."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import count, groupby
from random import Random

from deploy.simulator.acts import Amendment, AtSlot, Enrol, Kind, Step
from deploy.simulator.catalogue import Catalogue, catalogue
from deploy.simulator.command import staff
from deploy.simulator.corrections import Corrections, choose
from deploy.simulator.draft import Draft
from deploy.simulator.instruments import Instrument
from deploy.simulator.mishaps import Mishaps
from deploy.simulator.population import Depth, Pupil, SchoolClass, populate
from deploy.simulator.quotas import Quotas
from deploy.simulator.scenario import Scenario
from deploy.simulator.schooldays import DIAGNOSTICS, ROSTERS, SchoolDays, part
from deploy.simulator.trials import Trials

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

    def amended(self, kind: Kind) -> list[int]:
        """The numbers of the pupils of such amendments, in that order."""
        return [s.act.pupil.number for s in self.steps if isinstance(s.act, Amendment) and s.act.kind == kind]

    @property
    def revoked(self) -> list[int]:
        """The numbers of the pupils whose attendances are revoked, in that order."""
        acts = (step.act for step in self.steps if isinstance(step.act, AtSlot))
        return [act.pupils[0].number for act in acts if act.kind == "revoke"]


def plan(scenario: Scenario, instruments: Mapping[str, Instrument], rng: Random, today: date) -> Plan:
    """Plans the season for a platform whose clock says `today`.

    Raises `ValueError` where it has not begun, or cannot have its corrections.
    """
    days = SchoolDays.of(scenario.opens, scenario.closes, scenario.zone, today)
    classes = populate(scenario, rng)
    draft, schools = Draft(scenario, days, rng), dict.fromkeys(c.school for c in classes)
    known = catalogue(draft, schools, instruments)
    pupils = [pupil for c in classes for pupil in c.pupils]
    chosen, numbers = choose(scenario, pupils, rng), count(len(pupils))
    corrections = Corrections(draft, known, classes, chosen, numbers)
    season = _Season(draft, corrections)
    for c in classes:
        season.enrol(c, known)
    for pupil in pupils:
        corrections.open_cabinet(pupil)
    corrections.make_mistakes()
    taken = {pupil.number: season.diagnostics(pupil) for pupil in pupils}
    for place in range(len(scenario.diagnostics)):
        for c in classes:
            season.diagnose(c, place, taken)
    corrections.go_between(pupils)
    tourists = [p for p in pupils if p.depth is Depth.PARTICIPATED and not taken[p.number]]
    mishaps = Mishaps(Trials(draft, known), chosen)
    mishaps.begin(pupils)
    mishaps.trials.hold(pupils, tourists, mishaps.window, chosen.numbers["shift"])
    mishaps.sit_again(pupils)
    mishaps.end(pupils)
    corrections.end(pupils)
    Quotas(draft, known).give(chosen)
    return Plan(scenario, classes, draft.ordered())


@dataclass(frozen=True, slots=True)
class _Season:
    """Drafts a season up to its trials."""

    draft: Draft
    corrections: Corrections

    def enrol(self, c: SchoolClass, known: Catalogue) -> None:
        moment = self.draft.moment(ROSTERS)
        consents_from = self.draft.days.at(moment * self.draft.rng.random())
        entered = self.corrections.enter_elsewhere(c, moment)
        lines = tuple(self.corrections.first_said(pupil) for pupil in c.pupils)
        new = [pupil for pupil in lines if pupil.number not in entered]
        consents = sum(pupil.guardian is not None for pupil in new)
        events = {"participant.registered.v1": len(new), "consent.given.v1": consents}
        needs, act = (known.season, known.schools[c.school.code]), Enrol(replace(c, pupils=lines), consents_from)
        self.draft.add(staff("navigator", c.school.code), self.draft.days.at(moment), act, events, needs, c.pupils)
        self.corrections.put_right(c, moment)

    def diagnostics(self, pupil: Pupil) -> Collection[str]:
        """The codes of the diagnostics that a pupil takes."""
        required = self.draft.scenario.diagnostics
        if pupil.depth >= Depth.TESTED:
            return required
        if pupil.depth is Depth.PARTICIPATED and len(required) > 1 and self.draft.rng.random() < STARTED_DIAGNOSTICS:
            return self.draft.rng.sample(required, self.draft.rng.randint(1, len(required) - 1))
        return ()

    def diagnose(self, c: SchoolClass, place: int, taken: Mapping[int, Collection[str]]) -> None:
        required = self.draft.scenario.diagnostics
        sitting = [pupil for pupil in c.pupils if required[place] in taken[pupil.number]]
        sitters = [self.corrections.sitter(pupil, required[place], taken[pupil.number]) for pupil in sitting]
        for _, schoolmates in groupby(sorted(sitters, key=lambda one: one.school != c.school), lambda one: one.school):
            moment = self.draft.moment(part(DIAGNOSTICS, place, len(required)))
            self.corrections.sit(required[place], tuple(schoolmates), moment)
