"""Which entries may still be one pupil once some pairs were told apart, and which pairs can be."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registration.domain.dismissals import dismiss, undecided
from services.registration.domain.participants import Participant
from shared.base.errors import BadInput, Conflict
from tests.builders.registration import entered, pupil

NOW = datetime(2020, 9, 14, tzinfo=UTC)
IDS = st.lists(st.sampled_from("abcdefg"), unique=True)


def pair(one: str, other: str) -> frozenset[str]:
    return frozenset((one, other))


def entry(id: str) -> Participant:
    return entered(pupil()).decisions[0].state.model_copy(update={"id": id})


@pytest.mark.parametrize(
    ("entries", "dismissed", "groups"),
    [
        ("ab", [], ["ab"]),
        ("ab", ["ab"], []),
        ("abc", ["ab"], ["abc"]),
        ("abc", ["ab", "ac"], ["bc"]),
        ("abc", ["ab", "ac", "bc"], []),
        ("abcd", ["ac", "ad", "bc", "bd"], ["ab", "cd"]),
    ],
)
def test_candidates_are_those_whom_a_chain_of_undecided_pairs_joins(
    entries: str, dismissed: list[str], groups: list[str]
) -> None:
    found = undecided(entries, {frozenset(one) for one in dismissed})
    assert found == [list(group) for group in groups]


@given(IDS, st.sets(st.tuples(st.sampled_from("abcdefg"), st.sampled_from("abcdefg"))))
def test_every_undecided_pair_is_in_one_group_and_nobody_in_two(ids: list[str], told: set[tuple[str, str]]) -> None:
    dismissed = {frozenset(one) for one in told}
    groups = undecided(ids, dismissed)
    members = [id for group in groups for id in group]
    assert len(members) == len(set(members))
    for one in ids:
        for other in ids:
            if one < other and pair(one, other) not in dismissed:
                assert any({one, other} <= set(group) for group in groups)


def test_a_pair_is_the_same_in_any_order() -> None:
    first, second = (dismiss([entry(one), entry(other)], "Близнецы", True, NOW) for one, other in ("ab", "ba"))
    assert first == second
    assert first.participants == ("a", "b")


def test_who_cannot_be_told_apart_is_named() -> None:
    with pytest.raises(BadInput) as same:
        dismiss([entry("a"), entry("a")], "Один", True, NOW)
    assert [error.pointer for error in same.value.errors] == ["participants/1"]
    with pytest.raises(Conflict) as strangers:
        dismiss([entry("a"), entry("b")], "Разные", False, NOW)
    assert strangers.value.type == "no-candidates"
