"""Quotas add up at every step of every history, and come to what their events say."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.trials.domain.money import quotas
from services.trials.domain.money.quotas import Balance, Parties, Total, Transfer
from services.trials.domain.path.claims import Allowance, Pair
from services.trials.domain.path.gates import SeasonGate
from shared.base.errors import BadInput, Conflict
from shared.contracts.quotas import QuotaUnit
from shared.programme.organisations import organisation
from tests.builders.events import at, enveloped, region
from tests.builders.ledgers import GIVERS, NATION, PAIRS, TOWN, Ledgered, recounted
from tests.builders.trials import college, season
from tests.builders.walks import ids

ACTS = ["book", "attend", "cancel", "miss", "revoke"] * 3 + ["book"] * 6 + ["change school", "archive", "erase"]
STEPS = st.tuples(st.sampled_from(["s", "s", "d"]), st.sampled_from(ACTS), st.integers(0, 3))
GIFTS = st.tuples(st.integers(0, len(GIVERS) - 1), st.integers(-3, 6).filter(bool))
TURNS = st.lists(st.one_of([STEPS] * 8 + [st.booleans(), GIFTS, st.integers(0, 20)]), min_size=15, max_size=40)
HELD: list[tuple[QuotaUnit, bool]] = [("attendance", True), ("attendance", False), ("pupil", True), ("pupil", False)]


def ledger(unit: QuotaUnit = "attendance", bind: bool = True) -> Ledgered:
    """A ledger in which every holder has some units at first."""
    started = Ledgered(gate=SeasonGate(season(quota_unit=unit, quotas_bind=bind), ids()))
    started.issue(30)
    for n, units in enumerate((25, 20, 1, 2, 1, 2)):
        started.give(n, units)
    return started


@pytest.mark.parametrize(("unit", "bind"), HELD)
@settings(max_examples=40)
@given(turns=TURNS)
def test_the_ledger_is_what_its_events_come_to(
    unit: QuotaUnit, bind: bool, turns: list[tuple[str, str, int] | bool | tuple[int, int] | int]
) -> None:
    kept = ledger(unit, bind)
    for turn in turns:
        before = {holder: balance.free for holder, balance in kept.balances.items()}
        match turn:
            case bool():
                kept.become(turn)
            case int():
                kept.issue(turn)
            case (int(n), int(amount)):
                kept.give(n, amount)
            case (str(id), str(act), int(n)):
                kept.step(id, act, n)
        assert +kept.counted() == +recounted(kept.facts, kept.season, kept.merged), turn
        assert -kept.counted() == -recounted(kept.facts, kept.season, kept.merged), turn
        free = {holder: balance.free for holder, balance in kept.balances.items()}
        assert sum(balance.value for balance in kept.balances.values()) == kept.balances[NATION].issued
        assert all(free[holder] >= 0 for holder in (NATION, *GIVERS) if holder.venue is None)
        if bind and isinstance(turn, tuple) and turn[1] in ("book", "cancel", "miss"):
            assert all(free[pair] >= min(0, before[pair]) for pair in PAIRS), "a booking went beyond a quota"


def test_each_booking_reserves_an_attendance_and_what_is_taken_back_is_free_again() -> None:
    kept = ledger()
    pair = PAIRS[1]  # of two units
    for n in (1, 3, 5):
        kept.step("s", "book", n)
    assert (kept.balances[pair].reserved, kept.balances[pair].free) == (2, 0), "the third was refused"
    kept.step("s", "attend", 1)
    kept.step("s", "miss", 3)
    assert (kept.balances[pair].reserved, kept.balances[pair].completed, kept.balances[pair].free) == (0, 1, 1)
    kept.step("s", "attend", 3)
    assert kept.balances[pair].completed == 2, "who is told to have come after all, has"
    kept.step("s", "revoke", 1)
    assert (kept.balances[pair].completed, kept.balances[pair].free) == (1, 1)


def test_a_pupil_keeps_the_quota_of_the_school_from_which_it_booked() -> None:
    kept = ledger()
    kept.step("s", "book", 0)
    kept.step("s", "change school", 1)
    kept.step("s", "book", 2)
    reserved = {pair: kept.balances[pair].reserved for pair in PAIRS}
    assert reserved == {PAIRS[0]: 1, PAIRS[1]: 0, PAIRS[2]: 1, PAIRS[3]: 0}


def test_a_pupil_s_first_booking_reserves_one_for_all_until_none_stands() -> None:
    kept = ledger("pupil")
    for n in (0, 1, 3):
        kept.step("s", "book", n)
    assert (kept.balances[PAIRS[0]].reserved, kept.balances[PAIRS[1]].reserved) == (1, 0)
    kept.step("s", "cancel", 0)
    assert kept.balances[PAIRS[0]].reserved == 1, "the unit stays while another booking stands"
    kept.step("s", "attend", 1)
    kept.step("s", "attend", 3)
    assert (kept.balances[PAIRS[0]].reserved, kept.balances[PAIRS[0]].completed) == (0, 1)


def test_two_entries_of_one_pupil_hold_one_unit_and_two_once_they_are_parted() -> None:
    kept = ledger("pupil")
    kept.step("s", "book", 0)
    kept.step("d", "book", 3)
    assert sum(balance.reserved for balance in kept.balances.values()) == 2
    kept.become(True)
    assert [kept.balances[pair].reserved for pair in PAIRS] == [1, 0, 0, 0]
    kept.become(False)
    assert [kept.balances[pair].reserved for pair in PAIRS] == [1, 0, 0, 1]


def transfer(amount: int = 5, ref: str = "order 1") -> Transfer:
    return Transfer(ref=ref, organisation="S1", venue="V0", amount=amount)


def test_only_what_is_free_is_given_or_taken_back_and_a_ref_means_one_entry() -> None:
    rules, time = season(), at("2020-09-01")
    parties = Parties(
        Balance(season="2020", organisation=TOWN.organisation, value=5),
        Balance(season="2020", organisation="S1", venue="V0", value=4, reserved=1, completed=1),
    )
    given = quotas.transfer(rules, parties, transfer(), "RU-ROS", time, None)
    assert given.state.moves == {PAIRS[0]: 5, TOWN: -5}
    for amount in (6, -3):
        with pytest.raises(Conflict, match="free") as refused:
            quotas.transfer(rules, parties, transfer(amount), "RU-ROS", time, None)
        assert refused.value.type == "quota-not-free"
    assert not quotas.transfer(rules, parties, transfer(), "RU-ROS", time, given.state).made
    with pytest.raises(Conflict, match="another entry"):
        quotas.transfer(rules, parties, transfer(4), "RU-ROS", time, given.state)
    closed = rules.model_copy(update={"closed_at": time + timedelta(days=200)})
    with pytest.raises(Conflict, match="closed"):
        quotas.transfer(closed, parties, transfer(1), "RU-ROS", time, None)


def test_the_nation_s_number_is_lowered_as_far_as_it_was_not_given_on() -> None:
    nation = Balance(season="2020", organisation="RU", value=30, issued=100)
    lowered = quotas.issue(season(), nation, Total(value=70), at("2020-09-01"), "e1")
    assert lowered is not None
    assert lowered.state.moves == {NATION: -30}
    assert quotas.issue(season(), nation, Total(value=100), at("2020-09-01"), "e2") is None
    with pytest.raises(Conflict, match="70 were given on"):
        quotas.issue(season(), nation, Total(value=69), at("2020-09-01"), "e3")


def test_a_school_holds_for_a_venue_and_nobody_else_does() -> None:
    here, host = organisation(enveloped(region())), organisation(enveloped(college()))
    assert quotas.giver_of(here, None) == "RU"
    with pytest.raises(BadInput, match="holds units for no venue"):
        quotas.giver_of(here, "V0")
    with pytest.raises(BadInput, match="holds no units"):
        quotas.giver_of(host, None)


def test_a_slot_suits_a_pupil_where_a_unit_is_free_or_none_is_needed() -> None:
    none_free, pair = Allowance({}), Pair("S1", "V1")
    by_attendance, by_pupil = ledger("attendance"), ledger("pupil")
    for kept in (by_attendance, by_pupil):
        kept.step("s", "book", 0)
    with pytest.raises(Conflict, match="quota of school S1 for venue V1 is exhausted") as refused:
        none_free.must_have(by_attendance.rows["s"], pair, by_attendance.season)
    assert refused.value.type == "quota-exhausted"
    none_free.must_have(by_pupil.rows["s"], pair, by_pupil.season)
    none_free.must_have(by_attendance.rows["s"], pair, season())
