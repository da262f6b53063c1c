"""A season that is closed stands as it was told by then, but for corrections of the revisions that were published."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from services.analytics.enrolments import Terms
from services.analytics.entries import counted
from services.analytics.facts import Pupil, learn, recorded_at
from services.analytics.figures.registry import contribution
from services.analytics.revisions import Limit, changed, standing
from shared.contracts.event import Envelope
from tests.builders.entries import DAYS, SEASON, Entries
from tests.builders.events import at
from tests.builders.recount import in_revision, recount
from tests.builders.summed import summed

SEEDS = st.integers(0, 10_000)
BEGIN = at("2020-12-20")


def recorded(told: Iterable[Envelope]) -> list[Envelope]:
    """The facts, one recorded a minute."""
    return [replace(fact, recordedtime=BEGIN + timedelta(minutes=n)) for n, fact in enumerate(told)]


def entries_of(told: Iterable[Envelope]) -> dict[str, Pupil]:
    entries: dict[str, Pupil] = {}
    for fact in told:
        learn(entries.setdefault(fact.event.key, Pupil()), fact)
    return entries


@given(SEEDS, st.integers(10, 120), st.integers(0, 120), st.integers(0, 120), st.sampled_from(DAYS), st.booleans())
def test_what_was_recorded_by_then_counts_in_whatever_order_it_is_heard(
    seed: int, n: int, closed: int, more: int, day: str, mixed: bool
) -> None:
    rng = Random(seed)
    told = recorded(Entries(rng, [f"p{number}" for number in range(5)]).happen(n))
    ends = [told[min(index, len(told) - 1)] for index in (closed, closed + more)]
    limit = Limit(*(recorded_at(fact) for fact in ends))
    heard = list(told)
    if mixed:
        rng.shuffle(heard)
    pupils = counted({id: standing(pupil, limit) for id, pupil in entries_of(heard).items()})
    parts = [contribution(id, "2020", pupil, Terms.of(vars(SEASON))) for id, pupil in pupils]
    counts = in_revision(told, *(fact.recordedtime for fact in ends))
    assert summed(parts, day) == recount(counts, day)


@given(SEEDS, st.integers(10, 60))
def test_nothing_that_is_told_by_the_closing_is_judged(seed: int, n: int) -> None:
    told = recorded(Entries(Random(seed), ["p1", "p2"]).happen(n))
    last = recorded_at(told[-1])
    for pupil in entries_of(told).values():
        assert standing(pupil, Limit(last, last)) is pupil
        assert standing(pupil, None) is pupil


def test_a_revision_asks_for_those_alone_who_were_corrected_since_the_one_before() -> None:
    closed, first = Limit("1", "1"), Limit("1", "2")
    assert changed("2020", None, None) == changed("2020", first, first) == {}
    told, *corrected = changed("2020", None, closed)["$or"]
    assert (list(told), [list(one) for one in corrected]) == (["told"], [["others.0"], ["corrected"], ["seasons"]])
    assert changed("2020", closed, first)["$or"][1:2] == [{"corrected": {"$gt": "1"}}]
    assert len(changed("2020", closed, first)["$or"]) == 3
