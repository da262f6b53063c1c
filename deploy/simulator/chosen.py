"""Who is corrected and how: chosen by seed and share, each pupil for one thing on the way in and one at the end."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from random import Random
from typing import Literal

from deploy.simulator.population import Pupil
from deploy.simulator.scenario import Scenario

MOST_TRANSFERS = 25
"""Into one school: an account finds at most 60 children an hour by their names, and a season may be played twice."""


What = Literal[
    "move", "transfer", "merge", "correct", "late guardian", "second guardian", "lapse", "withdraw", "leave", "erase"
]
"""A scenario's kinds, with those parted that stand for two things: a consent that lapses is given again."""


@dataclass(slots=True)
class Chosen:
    """What happens to whom, by the numbers of pupils."""

    numbers: Mapping[What, frozenset[int]]
    mistakes: int
    """How many entries there are beside the pupils of the scenario, of nobody who takes part."""
    pupils: int
    """How many there are; extra entries have numbers after theirs."""
    guardians: Sequence[str]
    """Names."""
    born: set[tuple[str, date]]
    """Name and birth date of every child."""

    def has(self, pupil: Pupil, *what: What) -> bool:
        """Whether one of these happens to a pupil."""
        return any(pupil.number in self.numbers[one] for one in what)

    def next_number(self) -> int:
        """The number of an extra entry."""
        self.pupils += 1
        return self.pupils - 1


def choose(scenario: Scenario, pupils: Sequence[Pupil], rng: Random) -> Chosen:
    """Chooses at random, nothing without shares; raises ValueError with the reason where a share cannot be met."""
    draw = _Draw(scenario, rng)
    consenting = [pupil for pupil in pupils if pupil.guardian is not None]
    several = len({pupil.school.code for pupil in pupils}) > 1
    asked = draw.of_each_school(pupils, MOST_TRANSFERS) if several and draw.number("transfers") else ()
    found: dict[What, Sequence[int]] = {
        "transfer": draw.take("transfers", asked, f"whom another school can enter, {MOST_TRANSFERS} a school"),
        "merge": draw.take("merges", consenting if several else (), "with a consent whom another school can enter"),
        "late guardian": (guardians := draw.take("guardians", consenting, "with a guardian"))[::2],
        "second guardian": guardians[1::2],
        "move": draw.take("moves", pupils if several else (), "whom another school can enter"),
        "correct": draw.take("corrections", pupils, "of the scenario"),
    }
    draw.taken = set(found["merge"])  # who has two entries is erased twice
    draw.taken = set(draw.take("erasures", pupils, "that are not merged"))
    found["erase"] = list(draw.taken)
    withdrawals, archives = draw.take("withdrawals", consenting, "with a consent"), draw.number("archives")
    found |= {"lapse": withdrawals[::2], "withdraw": withdrawals[1::2]}
    found["leave"] = draw.take("archives", pupils, "of the scenario", archives - archives // 2)
    return Chosen(
        {what: frozenset(numbers) for what, numbers in found.items()},
        mistakes=archives // 2,
        pupils=len(pupils),
        guardians=[pupil.guardian.name for pupil in pupils if pupil.guardian],
        born={(pupil.name, pupil.birth_date) for pupil in pupils},
    )


@dataclass(slots=True)
class _Draw:
    scenario: Scenario
    rng: Random
    taken: set[int] = field(default_factory=set)

    def number(self, kind: str) -> int:
        return int(self.scenario.corrections.get(kind, 0) * self.scenario.registered + 0.5)

    def of_each_school(self, pupils: Sequence[Pupil], most: int) -> Iterator[Pupil]:
        for _, schoolmates in groupby(pupils, key=lambda pupil: pupil.school.code):
            them = list(schoolmates)
            yield from self.rng.sample(them, min(most, len(them)))

    def take(self, kind: str, pupils: Iterable[Pupil], whom: str, number: int | None = None) -> Sequence[int]:
        wanted = self.number(kind) if number is None else number
        free = [pupil.number for pupil in pupils if pupil.number not in self.taken] if wanted else []
        if wanted > len(free):
            there = f"{len(free)} pupils {whom}, beside those of other kinds"
            raise ValueError(f"`corrections` ask for {wanted} of `{kind}`, but there are {there}")
        found = self.rng.sample(free, wanted)
        self.taken.update(found)
        return found
