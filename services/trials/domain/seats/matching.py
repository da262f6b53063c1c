"""Seats for many at once: all who can be seated are, those who come first before others, as willingly as can be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

Wishes = Mapping[int, int]
"""The slots that suit somebody, by their numbers, each with how reluctantly it is given: 0 is best."""


class Shares(NamedTuple):
    """Slots that have units in common: of each share no more can be seated than it has units."""

    of: Sequence[int]
    """The share of each slot."""
    units: Sequence[int]


def matched(wishes: Sequence[Wishes], seats: Sequence[int], shares: Shares | None = None) -> list[int | None]:
    """Returns the slot of each; None where no seat is left in whatever suits, however the others are moved.

    `seats` are those of each slot. Each in turn is seated by the cheapest chain of moves that ends in a free seat, so
    that nobody loses a seat to who comes later, as many as can be are seated, and those at the least reluctance in
    all. Of what costs the same the first slot is taken.
    """
    of, units = shares or Shares(range(len(seats)), seats)
    seating = _Seating(wishes, of, list(seats), list(units))
    for own in wishes:
        seating.at.append(None)
        free = min(((cost, slot) for slot, cost in own.items() if seating.is_free(slot)), default=None)
        if free is not None and free[0] == min(own.values()):  # no chain costs less
            seating.at[-1] = seating.take(free[1])
        else:
            seating.make_room()
    return seating.at


@dataclass(slots=True)
class _Seating:
    """The seats and units that are left, and where those are who came before."""

    wishes: Sequence[Wishes]
    of: Sequence[int]
    seats: list[int]
    units: list[int]
    at: list[int | None] = field(default_factory=list)

    def is_free(self, slot: int) -> bool:
        return self.seats[slot] > 0 and self.units[self.of[slot]] > 0

    def take(self, slot: int) -> int:
        self.seats[slot] -= 1
        self.units[self.of[slot]] -= 1
        return slot

    def make_room(self) -> None:
        """Seats the last one, for whom others move, if that can be: a shortest path by Bellman and Ford.

        It leads over slots, where the seat of somebody is taken who moves on, and over shares (numbered `~share`),
        where a seat was free and the unit of somebody is taken, whose seat becomes free.
        """
        last = len(self.at) - 1
        cost = dict(self.wishes[last])
        comes: dict[int, tuple[int, int | None]] = {slot: (last, None) for slot in cost}
        through = dict[int, int]()
        seated = [(who, slot) for who, slot in enumerate(self.at) if slot is not None]
        changed = True
        while changed:
            changed = self._reach_shares(cost, through)
            for who, slot in seated:
                for via in {slot, ~self.of[slot]} & cost.keys():
                    for other, reluctance in self.wishes[who].items():
                        whole = cost[via] + reluctance - self.wishes[who][slot]
                        if other not in cost or whole < cost[other]:
                            cost[other], comes[other], changed = whole, (who, via), True
        ends = min(((whole, slot) for slot, whole in cost.items() if slot >= 0 and self.is_free(slot)), default=None)
        if ends is not None:
            self._move(self.take(ends[1]), comes, through)

    def _reach_shares(self, cost: dict[int, int], through: dict[int, int]) -> bool:
        """Goes on from slots with a free seat to their shares; tells whether one was reached, or at less cost."""
        reached = False
        for slot, whole in [(slot, whole) for slot, whole in cost.items() if slot >= 0 and self.seats[slot] > 0]:
            share = ~self.of[slot]
            if share not in cost or whole < cost[share]:
                cost[share], through[share], reached = whole, slot, True
        return reached

    def _move(self, to: int, comes: Mapping[int, tuple[int, int | None]], through: Mapping[int, int]) -> None:
        """Moves all along a path that ends in a slot, from its end to its begin."""
        while True:
            who, via = comes[to]
            left, self.at[who] = self.at[who], to
            if via is None or left is None:
                return
            to = via if via >= 0 else through[via]
            if via < 0:
                self.seats[to] -= 1
                self.seats[left] += 1
