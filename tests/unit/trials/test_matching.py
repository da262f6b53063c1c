"""Seats for many at once, against every way in which they could be seated."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from services.trials.domain.seats.matching import Shares, matched

SLOTS = 3
WISHES = st.lists(st.dictionaries(st.integers(0, SLOTS - 1), st.integers(0, 1)), max_size=5)
UNITS = st.lists(st.integers(0, 3), min_size=2, max_size=2)
SEATS = st.lists(st.integers(0, 2), min_size=SLOTS, max_size=SLOTS)


def seatings(
    wishes: Sequence[Mapping[int, int]], seats: Sequence[int], shares: Shares
) -> Iterator[tuple[int | None, ...]]:
    """Every way to seat them."""
    for at in product(*([None, *own] for own in wishes)):
        taken = Counter(slot for slot in at if slot is not None)
        used = Counter(shares.of[slot] for slot in taken.elements())
        if all(taken[slot] <= seats[slot] for slot in taken) and all(used[one] <= shares.units[one] for one in used):
            yield at


def reluctance(wishes: Sequence[Mapping[int, int]], at: Sequence[int | None]) -> int:
    return sum(own[slot] for own, slot in zip(wishes, at, strict=True) if slot is not None)


@given(WISHES, SEATS, st.builds(Shares, st.lists(st.integers(0, 1), min_size=SLOTS, max_size=SLOTS), UNITS) | st.none())
def test_all_are_seated_who_can_be_the_first_before_others_and_as_willingly_as_can_be(
    wishes: list[dict[int, int]], seats: list[int], shares: Shares | None
) -> None:
    at = matched(wishes, seats, shares)
    all_ways = list(seatings(wishes, seats, shares or Shares(range(SLOTS), seats)))
    assert tuple(at) in all_ways
    most = max(sum(slot is not None for slot in way) for way in all_ways)
    assert sum(slot is not None for slot in at) == most
    seated = max([slot is not None for slot in way] for way in all_ways)
    assert [slot is not None for slot in at] == seated, "the first are seated before others"
    alike = [way for way in all_ways if [slot is not None for slot in way] == seated]
    assert reluctance(wishes, at) == min(reluctance(wishes, way) for way in alike)


def test_who_sits_moves_on_for_who_can_sit_nowhere_else() -> None:
    assert matched([{0: 0, 1: 0}, {0: 0}], [1, 1]) == [1, 0]
    assert matched([{0: 0, 1: 0}, {1: 0, 2: 0}, {0: 0}], [1, 1, 1]) == [1, 2, 0]


def test_who_sits_moves_on_for_who_can_use_no_other_share() -> None:
    assert matched([{0: 0, 2: 0}, {1: 0}], [1, 1, 1], Shares([0, 0, 1], [1, 1])) == [2, 1]


def test_the_first_slots_are_filled_first() -> None:
    assert matched([{0: 0, 1: 0, 2: 0}] * 5, [2, 2, 2]) == [0, 0, 1, 1, 2]
