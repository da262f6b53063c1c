"""The pupils of a scenario with their schools, classes and families, and how far along the path each will come."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import IntEnum
from itertools import islice
from random import Random

from deploy.simulator.names import Family
from deploy.simulator.scenario import STAGES, Municipality, Scenario

CLASS_SIZE = 25
SCHOOL_SIZES = (90, 420)
SIBLINGS = 0.12
"""Further children of guardians with a cabinet, as a share of these guardians."""
WITHOUT_CONSENT = 0.1
"""Of the pupils who only register."""
LETTERS = "АБВГДЕЖЗИКЛМНОПРСТУФХЦШЭЮЯ"


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
    """Whether the guardian opens an own cabinet for this child."""


@dataclass(frozen=True, slots=True)
class SchoolClass:
    """A class, «7А», and its pupils."""

    school: School
    name: str
    grade: int
    pupils: tuple[Pupil, ...]


@dataclass(slots=True)
class _Seat:
    school: School
    class_name: str
    grade: int
    depth: Depth
    head: int | None = None
    """The seat of the eldest child of the family, where the guardian opens a cabinet."""


@dataclass(slots=True)
class _Families:
    rng: Random
    drawn: dict[int, Family] = field(default_factory=dict)

    def of(self, head: int) -> Family:
        if head not in self.drawn:
            self.drawn[head] = Family.drawn(self.rng)
        return self.drawn[head]


def populate(scenario: Scenario, rng: Random) -> tuple[SchoolClass, ...]:
    """All classes; counts of pupils by municipality and depth and of guardians with a cabinet are the scenario's."""
    seats = [seat for m in scenario.municipalities for seat in _seats(m, scenario, rng)]
    _open_cabinets(seats, scenario.guardians, rng)
    families = _Families(rng)
    year = scenario.opens.year - (scenario.opens.month < 6)
    classes: dict[tuple[str, str], list[Pupil]] = {}
    for number, seat in enumerate(seats):
        pupil = _pupil(number, seat, families, year, rng)
        classes.setdefault((seat.school.code, seat.class_name), []).append(pupil)
    return tuple(
        SchoolClass(pupils[0].school, name, pupils[0].grade, tuple(pupils)) for (_, name), pupils in classes.items()
    )


def _seats(municipality: Municipality, scenario: Scenario, rng: Random) -> Iterator[_Seat]:
    depths = iter(_depths(municipality, rng))
    taken = {scenario.region, *(m.code for m in scenario.municipalities)}
    for index, size in enumerate(_sizes(municipality.registered, rng)):
        code = fresh(f"{municipality.code}-S{index + 1:02}", taken)
        school = School(code, f"Школа № {index + 1}, {municipality.name}", municipality)
        classes = max(1, round(size / CLASS_SIZE))
        low, high = scenario.grades
        for place in range(classes):
            grade = low + place % (high - low + 1)
            letter = LETTERS[place // (high - low + 1)]
            pupils = size * (place + 1) // classes - size * place // classes
            for depth in islice(depths, pupils):
                yield _Seat(school, f"{grade}{letter}", grade, depth)


def fresh(code: str, taken: set[str]) -> str:
    """The code, or the next that no municipality has: organisations share one register."""
    while code in taken:
        code += "x"
    return code


def _sizes(pupils: int, rng: Random) -> Iterator[int]:
    while pupils:
        size = min(pupils, rng.randint(*SCHOOL_SIZES))
        size = pupils if pupils - size < SCHOOL_SIZES[0] // 2 else size
        yield size
        pupils -= size


def _depths(municipality: Municipality, rng: Random) -> list[Depth]:
    reached: Sequence[int] = [getattr(municipality, stage) for stage in STAGES]
    deeper = [*reached[1:], 0]
    depths = [depth for depth in Depth for _ in range(reached[depth] - deeper[depth])]
    rng.shuffle(depths)
    return depths


def _open_cabinets(seats: list[_Seat], guardians: int, rng: Random) -> None:
    heads = set(rng.sample(range(len(seats)), guardians))
    by_school: dict[str, list[int]] = {}
    for head in sorted(heads):
        seats[head].head = head
        by_school.setdefault(seats[head].school.code, []).append(head)
    others = [number for number in range(len(seats)) if number not in heads]
    for number in rng.sample(others, min(len(others), round(guardians * SIBLINGS))):
        siblings = [
            h for h in by_school.get(seats[number].school.code, ()) if _may_be_siblings(seats[h], seats[number])
        ]
        if siblings:
            seats[number].head = rng.choice(siblings)


def _may_be_siblings(one: _Seat, other: _Seat) -> bool:
    return one.grade != other.grade


def _pupil(number: int, seat: _Seat, families: _Families, year: int, rng: Random) -> Pupil:
    head = number if seat.head is None else seat.head
    family = families.of(head)
    consents = seat.head is not None or seat.depth > Depth.REGISTERED or rng.random() >= WITHOUT_CONSENT
    birthday = date(year - seat.grade - 6, 3, 1) + timedelta(days=rng.randrange(365))
    return Pupil(
        number=number,
        school=seat.school,
        external_ref=f"{seat.school.code}/{number + 1:06}",
        name=family.child(rng),
        birth_date=birthday,
        grade=seat.grade,
        depth=seat.depth,
        guardian=Guardian(f"{seat.school.code}/G{head + 1:06}", family.guardian) if consents else None,
        cabinet=seat.head is not None,
    )
