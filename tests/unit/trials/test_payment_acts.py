"""Acts for payment: whatever is attended, revoked, merged and signed, each attendance is paid once, or taken back."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.trials.domain.money.payment_acts import (
    LINES_OF_AN_EVENT,
    Payment,
    PaymentAct,
    Signing,
    must_be_same,
    pay,
    restored_act,
    restored_lines,
    sign,
    signed,
)
from services.trials.domain.money.payment_drafts import Attended, Draft, Line, Period, draft, sums
from services.trials.domain.money.rates import Held, Rate, RateEntry, rate_of
from services.trials.domain.places.venues import Venue
from shared.base.errors import BadInput, Conflict
from shared.contracts.payments import ActPaid, ActSigned
from tests.builders.events import ROSTOV, enveloped

VENUE = Venue(
    id="V1", organisation="RU-ROS-001-C01", name="Колледж", region="RU-ROS", municipality="RU-ROS-001", seasons={}
)
OCTOBER = Period("2020", date(2020, 10, 1), date(2020, 10, 31))
SEASON = Period("2020", date(2020, 9, 1), date(2020, 12, 1))
LATER = datetime(2020, 12, 5, 12, tzinfo=ROSTOV)


def held(day: int = 5, month: int = 10, **changed: Any) -> Held:
    fields = {"region": "RU-ROS", "venue": "V1", "competency": "gov", "programme": None, "kind": "trial"}
    return Held(**{**fields, "day": date(2020, month, day), **changed})


def rate(kopecks: int = 130_000, **changed: Any) -> Rate:
    entry = {"season": "2020", "since": "2020-09-01", "kopecks": kopecks, **changed}
    return Rate.of(RateEntry.model_validate(entry))


def there(id: str, pupil: str = "p1", slot: str = "s1", hour: int = 15, revoked: bool = False) -> Attended:
    return Attended(id, pupil, slot, datetime(2020, 10, 5, hour, tzinfo=ROSTOV), revoked)


def signing(drafted: Draft, **changed: Any) -> Signing:
    season, begins, ends = drafted.period
    said = {"ref": "1", "season": season, "begins": str(begins), "ends": str(ends)}
    return Signing.model_validate({**said, "kopecks": drafted.kopecks, "lines": len(drafted.lines), **changed})


def as_signed(drafted: Draft, number: int = 1, **changed: Any) -> PaymentAct:
    return signed(drafted, signing(drafted, **changed), VENUE, number, f"act{number}", LATER)


SLOTS = {"s1": held(5), "s2": held(6), "s3": held(2, 11)}


def test_an_act_pays_what_was_attended_in_its_period_by_rate() -> None:
    attended = [there("a1"), there("a2", "p2"), there("a3", slot="s2"), there("a4", slot="s3"), there("a5", "p3")]
    attended[4] = attended[4]._replace(revoked=True)
    drafted = draft(OCTOBER, SLOTS, attended, [], [rate()])
    assert [(line.attendance, line.kopecks) for line in drafted.lines] == [(id, 130_000) for id in ("a1", "a2", "a3")]
    assert (drafted.pupils, drafted.kopecks, dict(drafted.unpriced)) == (2, 390_000, {})


def test_the_closest_rate_counts_and_of_several_the_newest() -> None:
    general, newer = rate(1), rate(2, since="2020-10-05")
    of_region, of_kind = rate(3, region="RU-ROS"), rate(4, kind="trial")
    of_competency, of_venue = rate(5, competency="gov"), rate(6, region="RU-ROS", venue="V1")
    rates = [of_venue, of_competency, of_kind, of_region, newer, general]
    found = []
    for _ in range(len(rates)):
        best = rate_of(held(), rates)
        assert best is not None
        found.append(best.kopecks)
        rates.remove(best)
    assert found == [6, 5, 4, 3, 2, 1]
    assert rate_of(held(), []) is None
    assert rate_of(held(4), [newer]) is None
    assert rate_of(held(), [rate(venue="V2", region="RU-ROS"), rate(competency="x"), rate(programme="x")]) is None


def test_a_rate_is_one_with_the_same_scope_and_day() -> None:
    assert rate(1).id == rate(2).id == "2020/-/-/-/-/-/2020-09-01"
    assert len({rate(region="VV").id, rate(venue="VV").id, rate(competency="VV").id, rate(programme="VV").id}) == 4


def test_what_is_revoked_after_it_was_paid_is_taken_back_once_whatever_the_period() -> None:
    first = draft(OCTOBER, SLOTS, [there("a1"), there("a2", "p2")], [], [rate()])
    after = [there("a1", revoked=True), there("a2", "p2")]
    november = Period("2020", date(2020, 11, 1), date(2020, 11, 30))
    second = draft(november, SLOTS, after, first.lines, [rate(999)])
    assert second.lines == [Line("a1", "s1", rate().id, -130_000)]
    assert (second.pupils, second.kopecks) == (0, -130_000)
    assert draft(SEASON, SLOTS, after, [*first.lines, *second.lines], [rate()]).lines == []


def test_two_entries_of_one_pupil_are_paid_once_and_the_paid_one_stays() -> None:
    twice = [there("a1", hour=15), there("a2", hour=16)]
    assert [line.attendance for line in draft(OCTOBER, SLOTS, twice, [], [rate()]).lines] == ["a1"]
    paid = [Line("a2", "s1", rate().id, 130_000)]
    assert draft(OCTOBER, SLOTS, twice, paid, [rate()]).lines == []
    both = [*paid, Line("a1", "s1", rate().id, 130_000)]
    assert [(line.attendance, line.kopecks) for line in draft(OCTOBER, SLOTS, twice, both, [rate()]).lines] == [
        ("a2", -130_000)
    ]


def test_what_was_taken_back_is_paid_again_where_it_stands_alone_again() -> None:
    paid = [Line(id, "s1", rate().id, 130_000) for id in ("a1", "a2")]
    taken = draft(OCTOBER, SLOTS, [there("a1"), there("a2", hour=16)], paid, [rate()]).lines
    assert taken == [Line("a2", "s1", rate().id, -130_000)]
    known, after = [*paid, *taken], [there("a1", revoked=True), there("a2", hour=16)]
    again = draft(OCTOBER, SLOTS, after, known, [rate()])
    assert again.lines == [Line("a2", "s1", rate().id, 130_000, turn=2), Line("a1", "s1", rate().id, -130_000)]
    known += again.lines
    revoked = [one._replace(revoked=True) for one in after]
    assert draft(OCTOBER, SLOTS, revoked, known, [rate()]).lines == [Line("a2", "s1", rate().id, -130_000, turn=2)]


def test_parts_that_the_release_before_told_are_of_first_turns() -> None:
    drafted = draft(OCTOBER, SLOTS, [there("a1")], [], [rate()])
    (fact,) = sign(as_signed(drafted), drafted, signing(drafted)).happened
    assert isinstance(fact.event, ActSigned)
    assert restored_lines(fact.event.model_copy(update={"turns": ()})) == list(drafted.lines)


def test_a_draft_that_has_changed_since_is_not_signed() -> None:
    drafted = draft(OCTOBER, SLOTS, [there("a1")], [], [rate()])
    act = as_signed(drafted)
    for changed in ({"kopecks": 1}, {"lines": 2}):
        with pytest.raises(Conflict) as refused:
            sign(act, drafted, signing(drafted, **changed))
        assert refused.value.type == "act-changed"


def test_an_act_without_a_line_or_a_rate_is_not_signed() -> None:
    for attended, slug in (([], "nothing-to-pay"), ([there("a1")], "rate-missing")):
        drafted = draft(OCTOBER, SLOTS, attended, [], [])
        with pytest.raises(Conflict) as refused:
            sign(as_signed(drafted, lines=1), drafted, signing(drafted, lines=1))
        assert refused.value.type == slug


def test_a_period_that_goes_on_is_not_signed() -> None:
    drafted = draft(OCTOBER, SLOTS, [there("a1")], [], [rate()])
    with pytest.raises(Conflict) as refused:
        signed(drafted, signing(drafted), VENUE, 1, "act", datetime(2020, 10, 31, 23, tzinfo=ROSTOV))
    assert refused.value.type == "period-not-over"


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValidationError, match="lies before begins"):
        signing(draft(OCTOBER, SLOTS, [there("a1")], [], [rate()]), begins="2020-11-01")


def test_a_ref_means_one_act() -> None:
    drafted = draft(OCTOBER, SLOTS, [there("a1")], [], [rate()])
    act = as_signed(drafted)
    must_be_same(act, signing(drafted))
    with pytest.raises(Conflict) as refused:
        must_be_same(act, signing(drafted, ends="2020-11-01"))
    assert refused.value.type == "ref-reused"


def test_an_act_is_paid_once_and_not_before_it_was_signed() -> None:
    act = as_signed(draft(OCTOBER, SLOTS, [there("a1")], [], [rate()]))
    with pytest.raises(BadInput):
        pay(act, LATER - timedelta(days=1))
    paid = pay(act, LATER + timedelta(days=1))
    (fact,) = paid.happened
    assert isinstance(fact.event, ActPaid)
    assert (fact.event.kopecks, act.state, paid.state.state) == (130_000, "signed", "paid")
    assert not pay(paid.state, LATER + timedelta(days=2)).made
    assert Payment().occurred_at is None


def test_a_long_act_is_told_in_parts_from_which_it_is_put_together() -> None:
    attended = [there(f"a{n}", f"p{n}") for n in range(LINES_OF_AN_EVENT + 1)]
    drafted = draft(OCTOBER, SLOTS, attended, [], [rate()])
    act = as_signed(drafted)
    told = sign(act, drafted, signing(drafted)).happened
    restored, lines = None, list[Line]()
    for sequence, fact in enumerate(told, 1):
        assert isinstance(fact.event, ActSigned)
        part = restored_lines(fact.event)
        restored = restored_act(restored, enveloped(fact.event, sequence, fact.time), fact.event, part)
        lines += part
    assert (len(told), lines) == (2, list(drafted.lines))
    assert restored == act.model_copy(update={"ref": None, "sequence": 2})


Steps = Sequence[tuple[str, int, int]]
WORDS = ("attend", "revoke", "merge", "part", "october", "season")


@given(st.lists(st.tuples(st.sampled_from(WORDS), st.integers(0, 4), st.integers(0, 2)), max_size=40))
def test_all_acts_and_the_next_one_sum_to_what_stands(steps: Steps) -> None:
    attended, survivor, lines, slots = list[Attended](), {n: n for n in range(5)}, list[Line](), list(SLOTS)

    def now() -> list[Attended]:
        return [one._replace(pupil=str(survivor[int(one.pupil)])) for one in attended]

    for step, n, m in steps:
        match step:
            case "attend":
                attended.append(there(f"a{len(attended)}", str(n), slots[m]))
            case "revoke" if attended:
                at = n % len(attended)
                attended[at] = attended[at]._replace(revoked=True)
            case "merge":
                survivor = {entry: m if to == n else to for entry, to in survivor.items()}
            case "part":
                survivor[n] = n
            case "october" | "season":
                made = draft(OCTOBER if step == "october" else SEASON, SLOTS, now(), lines, [rate()])
                lines += made.lines
                assert sum(one.total for one in sums(made.lines)) == made.kopecks
                assert draft(made.period, SLOTS, now(), lines[::-1], [rate()]).lines == []
    counts = Counter((line.attendance, line.turn, line.minus) for line in lines)
    assert set(counts.values()) <= {1}
    lines += draft(SEASON, SLOTS, now(), lines, [rate()]).lines
    paid = {one.id: sum(line.kopecks for line in lines if line.attendance == one.id) for one in attended}
    assert set(paid.values()) <= {0, 130_000}
    seats = [(one.pupil, one.slot) for one in now() if paid[one.id]]
    assert sorted(seats) == sorted({(one.pupil, one.slot) for one in now() if not one.revoked})
    assert not any(paid[one.id] for one in attended if one.revoked)
