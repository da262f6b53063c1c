"""The choice of pupils who are corrected, by seed and share: each for one thing on the way in and one at the end."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from random import Random
from typing import Literal

from deploy.simulator.population import Depth, Pupil
from deploy.simulator.scenario import Scenario

MOST_TRANSFERS = 25
"""Into one school: an account finds at most 60 children an hour by their names, and a season may be played twice."""
What = Literal[
    "move", "transfer", "merge", "correct", "late guardian", "second guardian", "lapse", "withdraw", "leave", "erase"
]
"""A scenario's kinds, with those parted that stand for two things: a consent that lapses is given again."""


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
            there = f"{len(free)} pupils {whom}, beside those of other kinds"
            raise ValueError(f"`corrections` ask for {wanted} of `{kind}`, but there are {there}")
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
    found: dict[What, Iterable[int]] = {"transfer": asked, "merge": merges}
    guardians = take("guardians", consenting, "with a guardian")
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
    born = {(pupil.name, pupil.birth_date) for pupil in pupils}
    return Chosen({what: frozenset(them) for what, them in found.items()}, mistakes, born)
