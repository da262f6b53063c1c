"""Steps that go wrong and are put right, wrapped around the pupils of a scenario: its figures stay."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import groupby
from random import Random
from typing import Literal

from deploy.simulator.acts import Amendment, Enrol, Kind, Sit
from deploy.simulator.catalogue import Catalogue
from deploy.simulator.command import guardian, staff
from deploy.simulator.draft import Draft
from deploy.simulator.population import Depth, Guardian, Pupil, School, SchoolClass, only_child
from deploy.simulator.scenario import Gate, Scenario
from deploy.simulator.schooldays import DIAGNOSTICS, LINKS, ROSTERS, part

MERGES, LAPSES, RETURNS = (0.36, 0.367), (0.368, 0.378), (0.38, 0.396)
"""After the last diagnostic and before the first booking; consents lapse, and are given again."""
SPARE_CLASS = "Я"
"""A school never has so many classes of a grade."""
OFF = tuple(timedelta(days=days) for days in (-10, -1, 1, 10))
"""How a birth date is mistyped."""
EVENTS: dict[Kind, dict[str, int]] = {
    "link": {"guardian.linked.v1": 1},
    "move": {"participant.moved.v1": 1},
    "confirm": {"participant.moved.v1": 1},
    "merge": {"participant.merged.v1": 2},
    "archive": {"participant.archived.v1": 1},
    "withdraw": {"consent.withdrawn.v1": 1},
    "consent": {"consent.given.v1": 1},
    "erase": {"participant.erased.v1": 1, "path.erased.v1": 1},
}
OPERATORS: Sequence[Kind] = ("move", "merge", "erase")
"""Acts of the region's operator; the others are those of a school."""
MOST_TRANSFERS = 25
"""Into one school: an account finds at most 60 children an hour by their names, and a season may be played twice."""
OfEntries = Literal[
    "move", "transfer", "merge", "correct", "late guardian", "second guardian", "lapse", "withdraw", "leave", "erase"
]
OfTrials = Literal["closing", "absence", "revocation", "shift", "second round", "quota"]
What = OfEntries | OfTrials
"""A scenario's kinds, with those parted that stand for two things: a consent that lapses is given again."""


def _too_few(wanted: int, kind: str, there: str) -> str:
    return f"`corrections` ask for {wanted} of `{kind}`, but there are {there}, beside those of other kinds"


_OF_TRIALS: Sequence[tuple[What, Depth, str]] = (
    ("quota", Depth.ATTENDED, "who attend a trial"),
    ("shift", Depth.ATTENDED, "who attend a trial"),
    ("second round", Depth.PARTICIPATED, "who take part"),
    ("closing", Depth.REGISTERED, "with a consent"),
    ("absence", Depth.REGISTERED, "with a consent"),
    ("revocation", Depth.REGISTERED, "with a consent"),
)
"""Kinds of the trials' half, with whom they may befall."""


@dataclass(slots=True)
class Chosen:
    """Pupils by what happens to them, as numbers."""

    numbers: Mapping[What, frozenset[int]]
    mistakes: int
    """How many entries there are beside the pupils of the scenario, of nobody who takes part."""
    born: set[tuple[str, date]]
    """Name and birth date of every child."""

    def has(self, pupil: Pupil, *what: What) -> bool:
        """True where one of these happens to a pupil."""
        return any(pupil.number in self.numbers[one] for one in what)


def choose(scenario: Scenario, pupils: Sequence[Pupil], rng: Random) -> Chosen:
    """Chooses at random, nothing without shares; raises ValueError with the reason where a share cannot be met."""
    taken: set[int] = set()

    def number(kind: str) -> int:
        return int(scenario.corrections.get(kind, 0) * scenario.registered + 0.5)

    def take(kind: str, among: Iterable[Pupil], whom: str, but: int = 0) -> Sequence[int]:
        wanted = number(kind) - but
        free = [pupil.number for pupil in among if pupil.number not in taken] if wanted else []
        if wanted > len(free):
            raise ValueError(_too_few(wanted, kind, f"{len(free)} pupils {whom}"))
        found = rng.sample(free, wanted)
        taken.update(found)
        return found

    consenting = [pupil for pupil in pupils if pupil.guardian is not None]
    several = len({pupil.school.code for pupil in pupils}) > 1
    by_school = (list(mates) for _, mates in groupby(pupils, key=lambda pupil: pupil.school.code))
    some = (pupil for mates in by_school for pupil in rng.sample(mates, min(MOST_TRANSFERS, len(mates))))
    whom = "whom another school can enter"
    asked = take("transfers", some if several else (), f"{whom}, {MOST_TRANSFERS} a school")
    merges = take("merges", consenting if several else (), f"with a consent {whom}")
    guardians = take("guardians", consenting, "with a guardian")
    found: dict[What, Iterable[int]] = {"transfer": asked, "merge": merges}
    found |= {"late guardian": guardians[::2], "second guardian": guardians[1::2]}
    moves = take("moves", pupils if several else (), whom)
    found |= {"move": moves, "correct": take("corrections", pupils, "of the scenario")}
    taken = set(merges)  # who has two entries is erased twice
    taken = set(erasures := take("erasures", pupils, "that are not merged"))
    withdrawals, mistakes = take("withdrawals", consenting, "with a consent"), number("archives") // 2
    # Trials frees a seat when it hears of a withdrawal alone, though it was taken after the consent was given again.
    lapses = {p.number for p in consenting if p.depth in (Depth.REGISTERED, Depth.TESTED)} & {*withdrawals[::2]}
    found |= {"lapse": lapses, "withdraw": {*withdrawals} - lapses, "erase": erasures}
    found |= {"leave": take("archives", pupils, "of the scenario", but=mistakes)}
    taken = set(lapses)
    for what, depth, whom in _OF_TRIALS:
        found[what] = take(f"{what.replace(' ', '_')}s", (p for p in consenting if p.depth >= depth), whom)
    born = {(pupil.name, pupil.birth_date) for pupil in pupils}
    return Chosen({what: frozenset(them) for what, them in found.items()}, mistakes, born)


@dataclass(slots=True)
class Corrections:
    """Drafts the steps that a season with corrections has beside its own."""

    draft: Draft
    known: Catalogue
    classes: Sequence[SchoolClass]
    chosen: Chosen
    numbers: Iterator[int]
    """Of extra entries, after those of the pupils."""
    duplicates: dict[int, Pupil] = field(default_factory=dict)
    """Second entries, by the number of the pupil."""
    misnamed: set[int] = field(default_factory=set)
    """Pupils whose name was mistyped: it can be corrected alone, an old birth date by a roster of its time."""
    links: dict[int, tuple[int, ...]] = field(default_factory=dict)
    """Draft numbers of steps that open cabinets, by the number of the pupil."""

    def enter_elsewhere(self, c: SchoolClass, moment: float) -> set[int]:
        """Lets others enter pupils of a class, who come to it before its roster; returns their numbers."""
        come = [pupil for pupil in c.pupils if self.chosen.has(pupil, "move", "transfer")]
        for pupil in come:
            first, then = moment * self.draft.rng.uniform(0, 0.4), moment * self.draft.rng.uniform(0.5, 0.9)
            there, name, asked = self._elsewhere(pupil, pupil.number), c.name, self.chosen.has(pupil, "transfer")
            days = {self.draft.days.at(moment).date() for moment in (first, then)}
            if len(days) > 1 and not asked and self.draft.rng.random() < 1 / 3:  # of one day a school keeps one class
                there, name = pupil, f"{c.grade}{SPARE_CLASS}"
            self._enter(there, name, first)
            self._amend(then, Amendment("ask" if asked else "move", pupil, c.name))
            if asked:
                self._amend(then, Amendment("confirm", pupil, other=there))
        return {pupil.number for pupil in come}

    def first_said(self, pupil: Pupil) -> Pupil:
        """The pupil as the first roster of the class has it."""
        if self.chosen.has(pupil, "late guardian"):
            return replace(pupil, guardian=None, cabinet=False)
        if not self.chosen.has(pupil, "correct"):
            return pupil
        misnamed = replace(pupil, name=pupil.name[0] + pupil.name[2:])
        if self.draft.rng.random() < 0.5 and (misnamed.name, misnamed.birth_date) not in self.chosen.born:
            self.misnamed.add(pupil.number)
            return only_child(misnamed, self.chosen.born)
        return only_child(replace(pupil, birth_date=pupil.birth_date + self.draft.rng.choice(OFF)), self.chosen.born)

    def put_right(self, c: SchoolClass, moment: float) -> None:
        """Drafts what later rosters and calls say of a class, and second entries by others."""
        for pupil in c.pupils:
            if not self.chosen.has(pupil, "merge", "correct", "late guardian", "second guardian"):
                continue
            later = self.draft.rng.uniform(moment, ROSTERS[1])
            if self.chosen.has(pupil, "merge"):
                entry = replace(self._elsewhere(pupil, next(self.numbers)), namesake=True)
                self._enter(entry, c.name, later, after=self.draft.latest(pupil))
                self.duplicates[pupil.number] = entry
            elif pupil.number in self.misnamed and self.draft.rng.random() < 0.8:
                self._amend(later, Amendment("correct", pupil))
            elif self.chosen.has(pupil, "second guardian"):
                second = Guardian(f"{c.school.code}/H{pupil.number + 1:06}", self.draft.rng.choice(c.pupils).name)
                self._enter(replace(pupil, second=second), c.name, later, {})
            else:
                self._enter(pupil, c.name, later, {"consent.given.v1": self.chosen.has(pupil, "late guardian")})

    def make_mistakes(self) -> None:
        """Enters children who are no pupils of the programme; they go as far as a diagnostic."""
        required = self.draft.scenario.diagnostics
        depth = Depth.PARTICIPATED if len(required) > 1 else Depth.TESTED
        for _ in range(self.chosen.mistakes):
            c, number, cabinet = self.draft.rng.choice(self.classes), next(self.numbers), self.draft.rng.random() < 0.5
            new = _keyed(self.draft.rng.choice(c.pupils), c.school, number)
            parent = new.guardian or Guardian(f"{c.school.code}/G{number + 1:06}", new.name)
            pupil = only_child(replace(new, depth=depth, guardian=parent, cabinet=cabinet), self.chosen.born)
            self._enter(pupil, c.name, self.draft.moment(ROSTERS))
            self.open_cabinet(pupil)
            self.sit(required[0], (pupil,), self.draft.moment(part(DIAGNOSTICS, 0, len(required))))
            self._amend(self.draft.moment(LAPSES), Amendment("archive", pupil, "mistake"), self.links.get(number, ()))

    def open_cabinet(self, pupil: Pupil) -> None:
        """The guardian opens a cabinet, unless the pupil's does not; no later step but an end waits for it."""
        if pupil.guardian is not None and pupil.cabinet:
            at, needs = self.draft.days.at(self.draft.moment(LINKS)), (self.draft.latest(pupil),)
            by, act = guardian(pupil.guardian.ref), Amendment("link", pupil)
            self.links[pupil.number] = (self.draft.add(by, at, act, EVENTS[act.kind], needs),)

    def sitter(self, pupil: Pupil, code: str, taken: Collection[str]) -> Pupil:
        """The entry under which a pupil takes a diagnostic; a second one has the first that is taken."""
        first = next(required for required in self.draft.scenario.diagnostics if required in taken)
        return self.duplicates.get(pupil.number, pupil) if code == first else pupil

    def sit(self, code: str, pupils: tuple[Pupil, ...], moment: float) -> None:
        """Pupils of a school take a diagnostic; who has taken the last one may be recommended."""
        is_last = self.draft.scenario.gate is Gate.AFTER_DIAGNOSTICS and code == self.draft.scenario.diagnostics[-1]
        recommended = sum(p.depth >= Depth.TESTED and not self._waits(p) for p in pupils) if is_last else 0
        events = {"diagnostic.completed.v1": len(pupils), "recommendation.issued.v1": recommended}
        by, at = staff("navigator", pupils[0].school.code), self.draft.days.at(moment)
        self.draft.add(by, at, Sit(code, pupils), events, pupils=pupils)

    def go_between(self, pupils: Sequence[Pupil]) -> None:
        """Between the diagnostics and the trials: merges, and consents that are withdrawn and given again."""
        for pupil in pupils:
            if (duplicate := self.duplicates.get(pupil.number)) is not None:
                waits = self.draft.scenario.gate is Gate.AFTER_DIAGNOSTICS and pupil.depth >= Depth.TESTED
                told = {"recommendation.issued.v1": int(waits and self._waits(pupil))}
                self._amend(self.draft.moment(MERGES), Amendment("merge", pupil, other=duplicate), more=told)
            if self.chosen.has(pupil, "lapse"):
                self._amend(self.draft.moment(LAPSES), Amendment("withdraw", pupil))
                self._amend(self.draft.moment(RETURNS), Amendment("consent", pupil, f"{self.draft.scenario.season}-2"))

    def end(self, pupils: Sequence[Pupil]) -> None:
        """At the season's end; pupils are erased one after the other, so that a later play knows who they were."""
        for pupil in pupils:
            if self.chosen.has(pupil, "leave"):
                self._amend(1, Amendment("archive", pupil, "left"))
            if self.chosen.has(pupil, "withdraw"):
                self._amend(1, Amendment("withdraw", pupil))
        before: tuple[int, ...] = ()
        for pupil in pupils:
            if self.chosen.has(pupil, "erase"):
                before = (self._amend(1, Amendment("erase", pupil), (*before, *self.links.get(pupil.number, ()))),)

    def _waits(self, pupil: Pupil) -> bool:
        """True where only the merging brings a pupil's diagnostics together."""
        return pupil.number in self.duplicates and len(self.draft.scenario.diagnostics) > 1

    def _elsewhere(self, pupil: Pupil, number: int) -> Pupil:
        """The pupil as another school enters it."""
        others = [c.school for c in self.classes if c.school != pupil.school]
        return _keyed(pupil, self.draft.rng.choice(others), number)

    def _enter(
        self, pupil: Pupil, school_class: str, moment: float, events: Mapping[str, int] | None = None, after: int = 0
    ) -> None:
        """A roster of one pupil, of a new one unless it says which events it causes."""
        c, at = SchoolClass(pupil.school, school_class, pupil.grade, (pupil,)), self.draft.days.at(moment)
        told = {"participant.registered.v1": 1, "consent.given.v1": int(pupil.guardian is not None)}
        needs = (self.known.season, self.known.schools[c.school.code], after)
        act = Enrol(c, self.draft.days.at(moment / 2))
        self.draft.add(staff("navigator", c.school.code), at, act, told if events is None else events, needs, (pupil,))

    def _amend(
        self, moment: float, act: Amendment, needs: tuple[int, ...] = (), more: dict[str, int] | None = None
    ) -> int:
        school = (act.other if act.other and act.kind == "confirm" else act.pupil).school
        by = ("regional-operator", self.draft.scenario.region) if act.kind in OPERATORS else ("navigator", school.code)
        pupils = (act.pupil, act.other) if act.other else (act.pupil,)
        at, told = self.draft.days.at(moment), EVENTS.get(act.kind, {}) | (more or {})
        return self.draft.add(staff(*by), at, act, told, needs, pupils)


def _keyed(pupil: Pupil, school: School, number: int) -> Pupil:
    """The pupil under a number and a school's own keys."""
    known, ref = pupil.guardian, f"{school.code}/{number + 1:06}"
    known = known and replace(known, ref=f"{school.code}/G{number + 1:06}")
    return replace(pupil, number=number, school=school, external_ref=ref, guardian=known, cabinet=False)
