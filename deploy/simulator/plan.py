"""A scenario as commands in the order of the season's dates: pure, seeded, with explicit dependencies."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from random import Random

from deploy.simulator.catalogue import Catalogue, catalogue
from deploy.simulator.draft import Draft
from deploy.simulator.instruments import Instrument
from deploy.simulator.population import Depth, Pupil, SchoolClass, populate
from deploy.simulator.rounds import Rounds
from deploy.simulator.scenario import Gate, Scenario
from deploy.simulator.schooldays import SchoolDays, Window, part
from deploy.simulator.steps import (
    CONSENT_GIVEN,
    DIAGNOSTIC_COMPLETED,
    GUARDIAN_LINKED,
    PARTICIPANT_REGISTERED,
    RECOMMENDATION_ISSUED,
    Enrol,
    Link,
    Sit,
    Step,
    guardian,
    staff,
)

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
        """How many events the whole plan causes."""
        return sum(sum(step.events.values()) for step in self.steps)


def plan(scenario: Scenario, instruments: Mapping[str, Instrument], rng: Random, today: date) -> Plan:
    """Plan the season for a platform whose clock says `today`; raises `ValueError` where it has not begun."""
    days = SchoolDays.of(scenario.opens, scenario.closes, scenario.zone, today)
    classes = populate(scenario, rng)
    draft = Draft()
    schools = dict.fromkeys(c.school for c in classes)
    known = catalogue(scenario, schools, instruments, days.at(0), draft, rng)
    pupils = [pupil for c in classes for pupil in c.pupils]
    for c in classes:
        _enrol(c, known, days, draft, rng)
    for pupil in pupils:
        _open_cabinet(pupil, days, draft, rng)
    taken = {pupil.number: _diagnostics(pupil, scenario.diagnostics, rng) for pupil in pupils}
    for place in range(len(scenario.diagnostics)):
        for c in classes:
            _diagnose(c, place, taken, scenario, days, draft, rng)
    tourists = [p for p in pupils if p.depth is Depth.PARTICIPATED and not taken[p.number]]
    Rounds(scenario, days, known, draft, rng).hold(pupils, tourists, TRIALS)
    return Plan(scenario, classes, draft.ordered())


def _enrol(c: SchoolClass, known: Catalogue, days: SchoolDays, draft: Draft, rng: Random) -> None:
    moment = rng.uniform(*ROSTERS)
    consents = sum(pupil.guardian is not None for pupil in c.pupils)
    draft.add_for(
        c.pupils,
        staff("navigator", c.school.code),
        days.at(moment),
        Enrol(c, days.at(moment * rng.random())),
        {PARTICIPANT_REGISTERED: len(c.pupils), CONSENT_GIVEN: consents},
        needs=(known.season, known.schools[c.school.code]),
    )


def _open_cabinet(pupil: Pupil, days: SchoolDays, draft: Draft, rng: Random) -> None:
    if pupil.guardian is not None and pupil.cabinet:
        at = days.at(rng.uniform(*LINKS))
        draft.add(guardian(pupil.guardian.ref), at, Link(pupil), (draft.latest(pupil),), {GUARDIAN_LINKED: 1})


def _diagnostics(pupil: Pupil, required: tuple[str, ...], rng: Random) -> Collection[str]:
    if pupil.depth >= Depth.TESTED:
        return required
    if pupil.depth is Depth.PARTICIPATED and len(required) > 1 and rng.random() < STARTED_DIAGNOSTICS:
        return rng.sample(required, rng.randint(1, len(required) - 1))
    return ()


def _diagnose(
    c: SchoolClass,
    place: int,
    taken: Mapping[int, Collection[str]],
    scenario: Scenario,
    days: SchoolDays,
    draft: Draft,
    rng: Random,
) -> None:
    diagnostic = scenario.diagnostics[place]
    sitting = tuple(pupil for pupil in c.pupils if diagnostic in taken[pupil.number])
    if not sitting:
        return
    opens_gate = scenario.gate is Gate.AFTER_DIAGNOSTICS and place == len(scenario.diagnostics) - 1
    recommended = sum(pupil.depth >= Depth.TESTED for pupil in sitting) if opens_gate else 0
    draft.add_for(
        sitting,
        staff("navigator", c.school.code),
        days.at(rng.uniform(*part(DIAGNOSTICS, place, len(scenario.diagnostics)))),
        Sit(diagnostic, sitting),
        {DIAGNOSTIC_COMPLETED: len(sitting), RECOMMENDATION_ISSUED: recommended},
    )
