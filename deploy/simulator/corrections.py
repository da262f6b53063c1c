"""What goes wrong on a season's way and is put right, wrapped around the pupils of the scenario: its figures stay."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random

from deploy.simulator.acts import Enrol, Link, Sit, guardian, staff
from deploy.simulator.amendments import Amendment, Archive, Ask, Confirm, Consent, Correct, Erase, Merge, Move, Withdraw
from deploy.simulator.catalogue import Catalogue
from deploy.simulator.chosen import Chosen
from deploy.simulator.command import Actor
from deploy.simulator.draft import Draft
from deploy.simulator.population import Depth, Guardian, Pupil, SchoolClass, newcomer, only_child
from deploy.simulator.scenario import Gate, Scenario
from deploy.simulator.schooldays import DIAGNOSTICS, LINKS, ROSTERS, SchoolDays, part

MERGES, LAPSES, RETURNS = (0.36, 0.367), (0.368, 0.378), (0.38, 0.396)
"""After the last diagnostic and before the first booking; consents lapse, and are given again."""
SPARE_CLASS = "Я"
"""A school never has so many classes of a grade."""
OFF = tuple(timedelta(days=days) for days in (-10, -1, 1, 10))
"""How a birth date is mistyped."""


NEW = {"participant.registered.v1": 1, "consent.given.v1": 1}


@dataclass(slots=True)
class Corrections:
    """Drafts the steps that a season with corrections has beside its own."""

    scenario: Scenario
    days: SchoolDays
    known: Catalogue
    draft: Draft
    rng: Random
    classes: Sequence[SchoolClass]
    chosen: Chosen
    duplicates: dict[int, Pupil] = field(default_factory=dict)
    """Second entries, by the number of the pupil."""
    links: dict[int, int] = field(default_factory=dict)
    """Draft numbers of steps that open cabinets, by the number of the pupil."""

    def enter_elsewhere(self, c: SchoolClass, moment: float) -> set[int]:
        """Lets others enter pupils of a class, who come to it before its roster; returns their numbers."""
        come = [pupil for pupil in c.pupils if self.chosen.has(pupil, "move", "transfer")]
        for pupil in come:
            first, then = moment * self.rng.uniform(0, 0.4), moment * self.rng.uniform(0.5, 0.9)
            there, asked = self._elsewhere(pupil), self.chosen.has(pupil, "transfer")
            of_days = self.days.at(first).date() < self.days.at(then).date()  # of one day, only the last place stays
            if of_days and not asked and self.rng.random() < 1 / 3:
                there = pupil
            self._enter(there, c.name if there is not pupil else f"{c.grade}{SPARE_CLASS}", first)
            if asked:
                self._amend(staff("navigator", c.school.code), then, Ask(pupil, c.name), {})
                self._amend(staff("navigator", there.school.code), then, Confirm(pupil), {"participant.moved.v1": 1})
            else:
                self._amend(self._operator, then, Move(pupil, c.name), {"participant.moved.v1": 1})
        return {pupil.number for pupil in come}

    def first_said(self, pupil: Pupil) -> Pupil:
        """The pupil as the first roster of the class has it."""
        if self.chosen.has(pupil, "late guardian"):
            return replace(pupil, guardian=None, cabinet=False)
        if not self.chosen.has(pupil, "correct"):
            return pupil
        mistyped = replace(pupil, name=pupil.name[0] + pupil.name[2:])
        if self.rng.random() < 0.5 or (mistyped.name, mistyped.birth_date) in self.chosen.born:
            mistyped = replace(pupil, birth_date=pupil.birth_date + self.rng.choice(OFF))
        return only_child(mistyped, self.chosen.born)

    def put_right(self, c: SchoolClass, moment: float) -> None:
        """What later rosters and calls say of a class, and second entries by others."""
        for pupil in c.pupils:
            if not self.chosen.has(pupil, "correct", "late guardian", "second guardian", "merge"):
                continue
            later, number = self.rng.uniform(moment, ROSTERS[1]), pupil.number
            if self.chosen.has(pupil, "correct") and self.rng.random() < 0.5:
                self._amend(staff("navigator", c.school.code), later, Correct(pupil), {})
            elif self.chosen.has(pupil, "correct"):
                self._enter(pupil, c.name, later, {})
            elif self.chosen.has(pupil, "late guardian"):
                self._enter(pupil, c.name, later, {"consent.given.v1": 1})
            elif self.chosen.has(pupil, "second guardian"):
                second = Guardian(f"{c.school.code}/H{number + 1:06}", self.rng.choice(self.chosen.guardians))
                self._enter(replace(pupil, second=second), c.name, later, {})
            else:
                duplicate = replace(self._elsewhere(pupil, self.chosen.next_number()), namesake=True)
                self.duplicates[number] = duplicate
                self._enter(duplicate, c.name, later, NEW, (self.draft.latest(pupil),))

    def make_mistakes(self) -> None:
        """Enters children who are no pupils of the programme; they go as far as a diagnostic."""
        required = self.scenario.diagnostics
        depth = Depth.PARTICIPATED if len(required) > 1 else Depth.TESTED
        for _ in range(self.chosen.mistakes):
            c, cabinet = self.rng.choice(self.classes), self.rng.random() < 0.5
            new = newcomer(self.chosen.next_number(), c, depth, cabinet, self.scenario, self.rng)
            pupil = only_child(new, self.chosen.born)
            self._enter(pupil, c.name, self.rng.uniform(*ROSTERS))
            self.open_cabinet(pupil)
            self.sit(required[0], (pupil,), self.rng.uniform(*part(DIAGNOSTICS, 0, len(required))))
            school = staff("navigator", c.school.code)
            told, needs = {"participant.archived.v1": 1}, self._link_of(pupil)
            self._amend(school, self.rng.uniform(*LAPSES), Archive(pupil, "mistake"), told, needs)

    def open_cabinet(self, pupil: Pupil) -> None:
        """The guardian opens a cabinet, unless the pupil's does not; no later step but an end waits for it."""
        if pupil.guardian is not None and pupil.cabinet:
            at, needs = self.days.at(self.rng.uniform(*LINKS)), (self.draft.latest(pupil),)
            act, told = Link(pupil), {"guardian.linked.v1": 1}
            self.links[pupil.number] = self.draft.add(guardian(pupil.guardian.ref), at, act, told, needs)

    def _link_of(self, pupil: Pupil) -> tuple[int, ...]:
        return tuple(self.links[number] for number in (pupil.number,) if number in self.links)

    def sitter(self, pupil: Pupil, code: str, taken: Collection[str]) -> Pupil:
        """The entry under which a pupil takes a diagnostic; a second one has the first that is taken."""
        first = next(required for required in self.scenario.diagnostics if required in taken)
        return self.duplicates.get(pupil.number, pupil) if code == first else pupil

    def sit(self, code: str, pupils: tuple[Pupil, ...], moment: float) -> None:
        """Pupils of a school take a diagnostic; who has taken the last one may be recommended."""
        is_last = self.scenario.gate is Gate.AFTER_DIAGNOSTICS and code == self.scenario.diagnostics[-1]
        recommended = sum(p.depth >= Depth.TESTED and not self._waits(p) for p in pupils) if is_last else 0
        events = {"diagnostic.completed.v1": len(pupils), "recommendation.issued.v1": recommended}
        navigator = staff("navigator", pupils[0].school.code)
        self.draft.add(navigator, self.days.at(moment), Sit(code, pupils), events, pupils=pupils)

    def go_between(self, pupils: Sequence[Pupil]) -> None:
        """Between the diagnostics and the trials: merges, and consents that are withdrawn and given again."""
        for pupil in pupils:
            if (duplicate := self.duplicates.get(pupil.number)) is not None:
                waits = self.scenario.gate is Gate.AFTER_DIAGNOSTICS and pupil.depth >= Depth.TESTED
                told = {"recommendation.issued.v1": int(waits and self._waits(pupil)), "participant.merged.v1": 2}
                self._amend(self._operator, self.rng.uniform(*MERGES), Merge(pupil, duplicate), told)
            if self.chosen.has(pupil, "lapse"):
                school, version = staff("navigator", pupil.school.code), f"{self.scenario.season}-2"
                self._amend(school, self.rng.uniform(*LAPSES), Withdraw(pupil), {"consent.withdrawn.v1": 1})
                self._amend(school, self.rng.uniform(*RETURNS), Consent(pupil, version), {"consent.given.v1": 1})

    def end(self, pupils: Sequence[Pupil]) -> None:
        """At the season's end, when all else is done; pupils are erased one after the other.

        So a later play that finds some of them erased knows who they are.
        """
        for pupil in pupils:
            school = staff("navigator", pupil.school.code)
            if self.chosen.has(pupil, "leave"):
                self._amend(school, 1, Archive(pupil, "left"), {"participant.archived.v1": 1})
            if self.chosen.has(pupil, "withdraw"):
                self._amend(school, 1, Withdraw(pupil), {"consent.withdrawn.v1": 1})
        before: tuple[int, ...] = ()
        for pupil in pupils:
            if self.chosen.has(pupil, "erase"):
                told = {"participant.erased.v1": 1, "path.erased.v1": 1}
                before = (self._amend(self._operator, 1, Erase(pupil), told, (*before, *self._link_of(pupil))),)

    @property
    def _operator(self) -> Actor:
        return staff("regional-operator", self.scenario.region)

    def _waits(self, pupil: Pupil) -> bool:
        """Whether only the merging brings a pupil's diagnostics together."""
        return pupil.number in self.duplicates and len(self.scenario.diagnostics) > 1

    def _elsewhere(self, pupil: Pupil, number: int | None = None) -> Pupil:
        """The pupil as another school enters it, under keys of its own."""
        number = pupil.number if number is None else number
        school = self.rng.choice([c.school for c in self.classes if c.school != pupil.school])
        known = pupil.guardian and replace(pupil.guardian, ref=f"{school.code}/G{number + 1:06}")
        ref = f"{school.code}/{number + 1:06}"
        return replace(pupil, number=number, school=school, external_ref=ref, guardian=known, cabinet=False)

    def _enter(
        self,
        pupil: Pupil,
        school_class: str,
        moment: float,
        events: Mapping[str, int] = NEW,
        needs: tuple[int, ...] = (),
    ) -> None:
        """A roster of one pupil, of a new one with a consent unless it says otherwise."""
        c = SchoolClass(pupil.school, school_class, pupil.grade, (pupil,))
        if events is NEW and pupil.guardian is None:
            events = {"participant.registered.v1": 1}
        places = (self.known.season, self.known.schools[c.school.code])
        act = Enrol(c, self.days.at(moment * self.rng.random()))
        self.draft.add(
            staff("navigator", c.school.code), self.days.at(moment), act, events, (*places, *needs), (pupil,)
        )

    def _amend(
        self, actor: Actor, moment: float, act: Amendment, events: Mapping[str, int], needs: tuple[int, ...] = ()
    ) -> int:
        pupils = (act.pupil, act.duplicate) if isinstance(act, Merge) else (act.pupil,)
        return self.draft.add(actor, self.days.at(moment), act, events, needs, pupils)
