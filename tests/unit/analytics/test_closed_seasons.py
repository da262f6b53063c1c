"""A season that is closed stands as it was told by then, but for corrections of the revisions that were published."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from services.analytics.enrolments import Terms
from services.analytics.entries import counted
from services.analytics.facts import Pupil, SeasonFacts, learn, recorded_at
from services.analytics.figures.registry import contribution
from services.analytics.revisions import Limit, may_differ, standing
from shared.contracts.event import Envelope
from shared.programme.place import Place
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


@given(SEEDS, st.integers(10, 60), st.integers(0, 60), st.integers(0, 60))
def test_who_is_not_asked_for_adds_the_same_under_another_limit(seed: int, n: int, closed: int, more: int) -> None:
    told = recorded(Entries(Random(seed), ["p1", "p2", "p3"]).happen(n))
    first, last = (recorded_at(told[min(index, len(told) - 1)]) for index in (closed, closed + more))
    terms = Terms.of(vars(SEASON))
    for old, new in ((None, Limit(first, first)), (Limit(first, first), Limit(first, last))):
        for id, pupil in entries_of(told).items():
            if "2020" in pupil.seasons and not may_differ(pupil, "2020", old, new):
                parts = [contribution(id, "2020", standing(pupil, limit), terms) for limit in (old, new)]
                assert parts[0] == parts[1]


def test_a_revision_asks_for_those_alone_who_were_corrected_since_the_one_before() -> None:
    closed, first = Limit("1", "1"), Limit("1", "2")
    season = {"2020": SeasonFacts()}
    moved = Pupil(
        season,
        moves={("2021-01-10", "7"): Place("RU-ROS", "RU-ROS-001", "RU-ROS-001-S01", "8А", 8)},
        recorded={"7": "2"},
    )
    archived = Pupil(season, archived={"8": "mistake"}, recorded={"8": "2"})
    revoked = Pupil({"2020": SeasonFacts(taken_back={"attendance": "2"})})
    pupils = (moved, archived, revoked)
    assert [may_differ(pupil, "2020", None, closed) for pupil in pupils] == [True, True, True]
    assert [may_differ(pupil, "2020", closed, first) for pupil in pupils] == [False, True, True]
    assert [may_differ(pupil, "2020", Limit("1", "2"), Limit("1", "3")) for pupil in pupils] == [False, False, False]
    assert may_differ(moved, "2020", first, first), "other terms may be another matter for everybody"
