"""Pupils in groups by competency for their trials, with the scenario's attendances exactly used up."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from random import Random

from deploy.simulator.population import Depth, Pupil
from deploy.simulator.scenario import Scenario

TRIAL_GROUP = 8
EXCURSION_GROUP = 30
FRIENDS = 8
"""At most so many pupils of a school choose a competency together: a class fills a group, as its navigator books it."""


@dataclass(frozen=True, slots=True)
class Group:
    """Pupils who fill one slot; an empty group is a slot that nobody chose."""

    competency: str
    kind: str
    capacity: int
    minutes: int
    pupils: tuple[Pupil, ...]


def trial_rounds(scenario: Scenario, pupils: Sequence[Pupil], rng: Random) -> list[list[Group]]:
    """The groups of each round of trials; a pupil stands in one group of a round, so a pupil's trials never overlap.

    Who completes goes in every round, another attending pupil in one of them. Attendances by competency are the
    scenario's; a competency without any is offered by an empty group of the first round.
    """
    left = Counter({c.code: c.attended for c in scenario.competencies})
    chosen: set[tuple[int, str]] = set()
    rounds: list[list[Group]] = []
    for members in _members(pupils, scenario.trials_required, rng):
        by_competency: dict[str, list[Pupil]] = {}
        for friends in _friends(members, rng):
            _choose(friends, left, chosen, by_competency, rng)
        rounds.append([group for code, them in sorted(by_competency.items()) for group in _trials(code, them)])
    unchosen = (Group(c.code, "trial", TRIAL_GROUP, 90, ()) for c in scenario.competencies if not c.attended)
    rounds[0].extend(unchosen)
    return rounds


def excursions(scenario: Scenario, pupils: Sequence[Pupil], rng: Random) -> list[Group]:
    """The groups of an excursion, each within a municipality."""
    codes = [c.code for c in scenario.competencies]
    return [
        Group(rng.choice(codes), "excursion", EXCURSION_GROUP, 60, tuple(group))
        for _, neighbours in groupby(pupils, key=lambda pupil: pupil.school.municipality.code)
        for group in _chunks(list(neighbours), EXCURSION_GROUP)
    ]


def _members(pupils: Sequence[Pupil], rounds: int, rng: Random) -> list[list[Pupil]]:
    members: list[list[Pupil]] = [[] for _ in range(rounds)]
    for pupil in pupils:
        if pupil.depth is Depth.COMPLETED:
            for round_members in members:
                round_members.append(pupil)
        elif pupil.depth is Depth.ATTENDED:
            rng.choice(members).append(pupil)
    return members


def _friends(members: Iterable[Pupil], rng: Random) -> list[list[Pupil]]:
    """Circles of friends of one school, in random order so that no school is left the rest."""
    circles: list[list[Pupil]] = []
    for _, schoolmates in groupby(members, key=lambda pupil: pupil.school.code):
        rest = list(schoolmates)
        while rest:
            size = rng.randint(FRIENDS // 2, FRIENDS)
            circles.append(rest[:size])
            rest = rest[size:]
    rng.shuffle(circles)
    return circles


def _choose(
    friends: list[Pupil],
    left: Counter[str],
    chosen: set[tuple[int, str]],
    by_competency: dict[str, list[Pupil]],
    rng: Random,
) -> None:
    """Let the friends choose, popular competencies likelier, a new one for each of them where a few draws find one."""
    while friends:
        codes, weights = zip(*left.items(), strict=True)
        draws = rng.choices(codes, weights, k=4)
        code = next((c for c in draws if not any((p.number, c) in chosen for p in friends)), draws[0])
        going, friends = friends[: left[code]], friends[left[code] :]
        left[code] -= len(going)
        chosen.update((pupil.number, code) for pupil in going)
        by_competency.setdefault(code, []).extend(going)


def _trials(code: str, pupils: list[Pupil]) -> Iterator[Group]:
    neighbours = sorted(pupils, key=lambda pupil: pupil.number)
    for place, group in enumerate(_chunks(neighbours, TRIAL_GROUP)):
        yield Group(code, "partner-trial" if place % 4 == 3 else "trial", TRIAL_GROUP, 90, tuple(group))


def _chunks(pupils: list[Pupil], size: int) -> Iterator[list[Pupil]]:
    return (pupils[begin : begin + size] for begin in range(0, len(pupils), size))
