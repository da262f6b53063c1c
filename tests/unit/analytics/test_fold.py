"""The fold of a poll: what it passes over adds nothing, and what it adds up is what pupils count in the end."""

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from services.analytics.documents import cells_id
from services.analytics.enrolments import Terms
from services.analytics.facts import Pupil, learn
from services.analytics.figures.cells import Cell
from services.analytics.figures.registry import contribution
from services.analytics.fold import Change, differ, learn_of_pupil, pupil_of
from services.analytics.revisions import Limit, standing
from services.analytics.states import packed, unpacked
from shared.contracts.trials import PathEvent
from tests.builders import events as builders
from tests.builders.entries import SEASON, Entries
from tests.drivers.analytics import polled

TERMS = {"2020": Terms.of(vars(SEASON)), "camp": Terms.of(vars(builders.season("camp")))}
SEEDS = st.integers(0, 2**32)


@given(SEEDS, st.integers(20, 120))
def test_steps_to_which_figures_are_indifferent_add_nothing(seed: int, n: int) -> None:
    pupils: dict[str, Pupil] = {}
    passed_over = 0
    for fact in Entries(Random(seed), ["p1", "p2"]).happen(n):
        before = pupils.get(fact.event.key, Pupil())
        pupil = pupils[fact.event.key] = unpacked(packed(before))
        learn(pupil, fact)
        season = fact.event.season if isinstance(fact.event, PathEvent) else ""
        known = pupil.seasons.get(season)
        if known and not differ(before.seasons.get(season), known, TERMS[season]):
            passed_over += 1
            parts = [contribution("p", season, of, TERMS[season]) for of in (before, pupil)]
            assert parts[0] == parts[1]
    assert passed_over or n < 60


@given(SEEDS, st.integers(1, 80), st.booleans())
def test_changes_add_up_to_what_pupils_count(seed: int, n: int, closed: bool) -> None:
    rng, limit = Random(seed), Limit("2020-09-01", "2020-10-01") if closed else None
    terms = {code: Terms(of.rules, of.closes, limit) for code, of in TERMS.items()}
    facts = [fact for fact in Entries(rng, ["p1"]).happen(n) if fact.event.key == "p1"]
    rng.shuffle(facts)
    state, whole, change = None, Pupil(), Change(0)
    while facts:
        poll, facts = facts[:3], facts[3:]
        state = learn_of_pupil("p1", state, polled(*poll), terms, change) or state
        for fact in poll:
            learn(whole, fact)
    assert pupil_of(state) == whole
    expected: Counter[Cell] = Counter()
    for season in whole.seasons:
        expected.update(contribution("p1", season, standing(whole, limit), terms[season]).cells)
    found = {(id, path): n for id, paths in change._cells.items() for path, n in paths.items() if n}
    assert found == {(cells_id(cell, 0), cell.path): n for cell, n in expected.items() if n}
