"""What is recommended by what stands, reckoned from events alone."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from tests.builders.standing import PRACTICAL, Step

MOST = 3
"""Competencies of a recommendation."""


class Rules(NamedTuple):
    """The points of what may speak for a competency."""

    tried: int = 2
    visited: int = 1
    marked: int = 0
    high: int = 0
    """The mean of marks from which on they speak."""
    leaning: int = 0
    for_whom: tuple[str, str] = ("", "")
    """The diagnostic, of which all have one profile, and the competency for which that speaks."""


def advised(
    taken: Iterable[Step], of: Iterable[Step], marks: Mapping[str, Sequence[int]], rules: Rules
) -> tuple[str, ...]:
    """Returns what follows from steps and attendances: by points, then by what was tried last, before what was visited.

    `marks` are those of each attendance, by the slot of it.
    """
    latest = sorted(of, key=lambda step: (step.time, step.slot), reverse=True)
    tried = dict.fromkeys(step.what for step in latest if step.kind in PRACTICAL)
    visited = dict.fromkeys(step.what for step in latest if step.what not in tried)
    points, given = Counter[str](), defaultdict[str, list[int]](list)
    points.update(dict.fromkeys(tried, rules.tried))
    points.update(dict.fromkeys(visited, rules.visited))
    for step in latest:
        given[step.what] += marks.get(step.slot, ()) if step.kind in PRACTICAL else ()
    points.update({what: rules.marked for what, all_ in given.items() if all_ and sum(all_) >= rules.high * len(all_)})
    diagnostic, what = rules.for_whom
    if any(step.kind == "test" and step.what == diagnostic for step in taken):
        points[what] += rules.leaning
    known = [*tried, *visited]
    order = {what: (-points[what], known.index(what) if what in known else len(known), what) for what in +points}
    return tuple(sorted(order, key=order.__getitem__)[:MOST])


def attended(steps: Iterable[Step]) -> Iterator[Step]:
    """Yields the attendances, each slot once: two entries of a pupil may have been in one."""
    slots = set[str]()
    for step in sorted((step for step in steps if step.slot), key=lambda step: step.time):
        if step.slot not in slots:
            yield step
        slots.add(step.slot)
