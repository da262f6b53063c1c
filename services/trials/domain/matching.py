"""Seats for many at once: all who can be seated are, those who come first before others, as willingly as can be."""

from collections.abc import Mapping, MutableSequence, Sequence

Wishes = Mapping[int, int]
"""The slots that suit somebody, by their numbers, each with how reluctantly it is given: 0 is best."""


def matched(wishes: Sequence[Wishes], seats: Sequence[int]) -> list[int | None]:
    """Returns the slot of each; None where no seat is left in whatever suits, however the others are moved.

    `seats` are those of each slot. Each in turn is seated by the cheapest chain of moves that ends in a free seat, so
    that nobody loses a seat to who comes later, as many as can be are seated, and those at the least reluctance in
    all. Of what costs the same the first slot is taken.
    """
    left = list(seats)
    at: list[int | None] = []
    for own in wishes:
        at.append(None)
        free = min(((cost, slot) for slot, cost in own.items() if left[slot] > 0), default=None)
        if free is not None and free[0] == min(own.values()):  # no chain costs less
            at[-1], left[free[1]] = free[1], left[free[1]] - 1
        else:
            _make_room(wishes, at, left)
    return at


def _make_room(wishes: Sequence[Wishes], at: MutableSequence[int | None], left: MutableSequence[int]) -> None:
    """Seats the last one, for whom others move, if that can be: a shortest path by Bellman and Ford over the slots."""
    last = len(at) - 1
    cost = dict(wishes[last])
    comes = dict.fromkeys(cost, last)
    changed = True
    while changed:
        changed = False
        for who, slot in enumerate(at):
            if slot is None or slot not in cost:
                continue
            for other, reluctance in wishes[who].items():
                whole = cost[slot] + reluctance - wishes[who][slot]
                if other not in cost or whole < cost[other]:
                    cost[other], comes[other], changed = whole, who, True
    ends = min(((whole, slot) for slot, whole in cost.items() if left[slot] > 0), default=None)
    if ends is None:
        return
    to: int | None = ends[1]
    left[ends[1]] -= 1
    while to is not None:
        who = comes[to]
        at[who], to = to, at[who]
