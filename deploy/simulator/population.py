"""The pupils of a scenario with their schools, classes and families, and how far along the path each will come."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import IntEnum
from itertools import islice, pairwise
from pathlib import Path
from random import Random

from deploy.simulator.scenario import STAGES, Municipality, Scenario

CLASS_SIZE = 25
MISTYPED = timedelta(days=30)
"""No birth date is so far from the right one."""
SCHOOL_SIZES = (90, 420)
SIBLINGS = 0.12
"""Further children of guardians with a cabinet, as a share of these guardians."""
WITHOUT_CONSENT = 0.1
"""Of the pupils who only register."""
LETTERS = "АБВГДЕЖЗИКЛМНОПРСТУФХЦШЭЮЯ"
NAMES = json.loads((Path(__file__).parents[1] / "scenarios" / "names.json").read_text(encoding="utf-8"))
"""Plausible Russian names, of nobody in particular."""
FATHERS = tuple(NAMES["fathers"].items())
"""A father's name and the stem of his children's patronymic: «Игорев» makes «Игоревич» and «Игоревна»."""


class Depth(IntEnum):
    """The last stage that a pupil reaches."""

    REGISTERED = 0
    PARTICIPATED = 1
    TESTED = 2
    ATTENDED = 3
    COMPLETED = 4


@dataclass(frozen=True, slots=True)
class School:
    """A school of a municipality."""

    code: str
    name: str
    municipality: Municipality


@dataclass(frozen=True, slots=True)
class Guardian:
    """A guardian as the school records them; `ref` is the school's own number of the person."""

    ref: str
    name: str


@dataclass(frozen=True, slots=True)
class Pupil:
    """A pupil; `number` is the place in the population, `guardian` is none where consent was not given."""

    number: int
    school: School
    external_ref: str
    name: str
    birth_date: date
    grade: int
    depth: Depth
    guardian: Guardian | None
    cabinet: bool
    """True where the guardian opens an own cabinet for this child."""
    second: Guardian | None = None
    """A further guardian, whom a later roster names."""
    namesake: bool = False
    """True where the roster says that this is another child than the one known by this name and birth date."""


@dataclass(frozen=True, slots=True)
class SchoolClass:
    """A class, «7А», and its pupils."""

    school: School
    name: str
    grade: int
    pupils: tuple[Pupil, ...]


class _Family:
    """A surname, a father and the guardian who stands in the school's records."""

    def __init__(self, rng: Random) -> None:
        self.surname = rng.choice(NAMES["surnames"])
        father, self.father_stem = rng.choice(FATHERS)
        own_stem = rng.choice(FATHERS)[1]
        if rng.random() < 0.2:
            self.guardian = f"{self.surname} {father} {own_stem}ич"
        else:
            self.guardian = f"{self.surname}а {rng.choice(NAMES['mothers'])} {own_stem}на"

    def child(self, rng: Random) -> str:
        """Surname, name and patronymic of a daughter or a son."""
        if rng.random() < 0.5:
            return f"{self.surname}а {rng.choice(NAMES['girls'])} {self.father_stem}на"
        return f"{self.surname} {rng.choice(NAMES['boys'])} {self.father_stem}ич"


@dataclass(slots=True)
class _Seat:
    school: School
    class_name: str
    grade: int
    depth: Depth
    head: int | None = None
    """The seat of the eldest child of the family, where the guardian opens a cabinet."""


def populate(scenario: Scenario, rng: Random) -> tuple[SchoolClass, ...]:
    """All classes; counts of pupils by municipality and depth and of guardians with a cabinet are the scenario's."""
    seats = [seat for m in scenario.municipalities for seat in _seats(m, scenario, rng)]
    _open_cabinets(seats, scenario.guardians, rng)
    families: dict[int, _Family] = {}
    born: set[tuple[str, date]] = set()
    school_year = scenario.opens.year - (scenario.opens.month < 6)
    classes: dict[tuple[str, str], list[Pupil]] = {}
    for number, seat in enumerate(seats):
        head = number if seat.head is None else seat.head
        if head not in families:
            families[head] = _Family(rng)
        pupil = only_child(_minor(_pupil(number, seat, head, families[head], school_year, rng), scenario.closes), born)
        classes.setdefault((seat.school.code, seat.class_name), []).append(pupil)
    return tuple(SchoolClass(them[0].school, name, them[0].grade, tuple(them)) for (_, name), them in classes.items())


def _minor(pupil: Pupil, until: date) -> Pupil:
    """The pupil, a year younger where that one would come of age in the season: its consents are guardians'."""
    born = pupil.birth_date
    is_minor = date(born.year + 18, born.month, min(born.day, 28)) - MISTYPED > until
    return pupil if is_minor else replace(pupil, birth_date=born + timedelta(days=365))


def only_child(pupil: Pupil, born: set[tuple[str, date]]) -> Pupil:
    """The pupil with a birth date that no namesake has: a register asks whether two such are one child."""
    while (pupil.name, pupil.birth_date) in born:
        pupil = replace(pupil, birth_date=pupil.birth_date + timedelta(days=1))
    born.add((pupil.name, pupil.birth_date))
    return pupil


def _seats(municipality: Municipality, scenario: Scenario, rng: Random) -> Iterator[_Seat]:
    reached = [*(getattr(municipality, stage) for stage in STAGES), 0]
    shuffled = [
        depth for depth, (here, deeper) in zip(Depth, pairwise(reached), strict=True) for _ in range(here - deeper)
    ]
    rng.shuffle(shuffled)
    depths, (low, high) = iter(shuffled), scenario.grades
    for index, size in enumerate(_sizes(municipality.registered, rng)):
        code = fresh(f"{municipality.code}-S{index + 1:02}", scenario)
        school = School(code, f"Школа № {index + 1}, {municipality.name}", municipality)
        classes = max(1, round(size / CLASS_SIZE))
        for place in range(classes):
            in_grade, grade = divmod(place, high - low + 1)
            pupils = size * (place + 1) // classes - size * place // classes
            for depth in islice(depths, pupils):
                yield _Seat(school, f"{low + grade}{LETTERS[in_grade]}", low + grade, depth)


def fresh(code: str, scenario: Scenario) -> str:
    """The code, or the next that no place of the scenario has: organisations share one register."""
    while code in scenario.places:
        code += "x"
    return code


def _sizes(pupils: int, rng: Random) -> Iterator[int]:
    while pupils:
        size = min(pupils, rng.randint(*SCHOOL_SIZES))
        size = pupils if pupils - size < SCHOOL_SIZES[0] // 2 else size
        yield size
        pupils -= size


def _open_cabinets(seats: list[_Seat], guardians: int, rng: Random) -> None:
    heads = set(rng.sample(range(len(seats)), guardians))
    by_school: dict[str, list[int]] = {}
    for head in sorted(heads):
        seats[head].head = head
        by_school.setdefault(seats[head].school.code, []).append(head)
    others = [number for number in range(len(seats)) if number not in heads]
    for number in rng.sample(others, min(len(others), round(guardians * SIBLINGS))):
        seat = seats[number]
        siblings = [head for head in by_school.get(seat.school.code, ()) if seats[head].grade != seat.grade]
        if siblings:
            seat.head = rng.choice(siblings)


def _pupil(number: int, seat: _Seat, head: int, family: _Family, year: int, rng: Random) -> Pupil:
    consents = seat.head is not None or seat.depth > Depth.REGISTERED or rng.random() >= WITHOUT_CONSENT
    birthday = date(year - seat.grade - 6, 3, 1) + timedelta(days=rng.randrange(365))
    ref, known = f"{seat.school.code}/{number + 1:06}", Guardian(f"{seat.school.code}/G{head + 1:06}", family.guardian)
    parent, cabinet = known if consents else None, seat.head is not None
    return Pupil(number, seat.school, ref, family.child(rng), birthday, seat.grade, seat.depth, parent, cabinet)
