"""A season may number attempts: as many as it says in each round, and one more for each leave."""

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.trials.domain.testing.repeats import RepeatCommand, Sitting, Tally
from shared.base.errors import Conflict
from tests.builders.events import at
from tests.builders.trials import season

ASKED = RepeatCommand(season="2020", diagnostic="readiness", reason="technical")
ENTRIES = ("s", "d")


def sitting(entry: str = "s", round: int = 1) -> Sitting:
    return Sitting(f"{entry}/2020", "readiness", round)


def with_leave(tally: Tally, entries: Sequence[str] = ("s",)) -> Tally:
    """The tally as it is read once a leave was given."""
    leave = tally.repeat(sitting(), entries, ASKED, at("2020-09-14"))
    return Tally(tally.attempts, {**tally.allowed, leave.sitting: leave.above + 1})


@given(most=st.integers(1, 3), acts=st.lists(st.tuples(st.booleans(), st.sampled_from(ENTRIES)), max_size=12))
def test_of_all_entries_there_are_no_more_attempts_than_the_rule_and_the_leaves_allow(
    most: int, acts: list[tuple[bool, str]]
) -> None:
    rules, tally, leaves = season(attempts_per_round=most), Tally(), 0
    for is_leave, entry in acts:
        may = tally.may_attempt(rules, ENTRIES, "readiness", 1)
        if is_leave and not may:
            tally, leaves = with_leave(tally, ENTRIES), leaves + 1
            assert tally.may_attempt(rules, ENTRIES, "readiness", 1), "one leave is one more attempt"
        elif not is_leave and may:
            tally.attempts[sitting(entry)] += 1
    assert tally.attempts.total() <= most + leaves
    assert tally.may_attempt(rules, ENTRIES, "readiness", 1) == (tally.attempts.total() < most + leaves)


def test_entries_that_each_took_it_have_one_more_by_one_leave() -> None:
    rules = season(attempts_per_round=1)
    tally = Tally(Counter([sitting("s"), sitting("d"), sitting("d")]))
    assert not tally.may_attempt(rules, ENTRIES, "readiness", 1)
    allowed = with_leave(tally, ENTRIES)
    assert allowed.may_attempt(rules, ENTRIES, "readiness", 1)
    allowed.attempts[sitting("s")] += 1
    assert not allowed.may_attempt(rules, ENTRIES, "readiness", 1)


def test_each_round_and_each_diagnostic_has_attempts_of_its_own() -> None:
    rules = season(attempts_per_round=1, second_round={"opens": "2020-11-01"})
    tally = Tally(Counter([sitting()]))
    assert tally.may_attempt(rules, ["s"], "readiness", 2)
    assert tally.may_attempt(rules, ["s"], "interests", 1)
    with pytest.raises(Conflict) as refused:
        tally.must_allow(rules, ["s"], "readiness", 1)
    assert refused.value.type == "attempt-taken"


def test_a_season_that_numbers_none_takes_as_many_as_are_wanted() -> None:
    assert Tally(Counter({sitting(): 400})).may_attempt(season(), ["s"], "readiness", 1)


def test_the_same_leave_twice_is_one_row() -> None:
    tally = Tally(Counter([sitting()]))
    first, again = (tally.repeat(sitting(), ["s"], ASKED, at("2020-09-14", hour)).document() for hour in (9, 10))
    assert first["_id"] == again["_id"] == "s/2020/readiness/1/1"
