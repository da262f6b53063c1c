"""The runs of a journal stay few, and states are not written anew all the time."""

from hypothesis import given
from hypothesis import strategies as st

from services.analytics.runs import MOST_RUNS, PAGE_BYTES, Run, kept, pages

SIZES = st.lists(st.integers(1, 10_000), min_size=1, max_size=400)


@given(SIZES)
def test_runs_stay_few_whatever_comes(sizes: list[int]) -> None:
    runs: list[Run] = []
    for number, size in enumerate(sizes):
        left = kept(runs, size)
        runs = [*runs[:left], Run(str(number), 1, size + sum(run.size for run in runs[left:]))]
        assert len(runs) <= MOST_RUNS
    assert sum(run.size for run in runs) == sum(sizes)


@given(SIZES, st.integers(10_000, 10_000_000))
def test_a_large_run_is_written_anew_only_when_as_much_has_come_since(sizes: list[int], large: int) -> None:
    runs, since = [Run("large", 1, large)], 0
    for number, size in enumerate(sizes):
        left, since = kept(runs, size), since + size
        runs = [*runs[:left], Run(str(number), 1, size + sum(run.size for run in runs[left:]))]
        assert left > 0 or since >= large
        if left == 0:
            return


def test_of_equal_runs_all_become_one() -> None:
    runs = [Run(str(number), 1, 100) for number in range(MOST_RUNS)]
    assert kept(runs[1:], 100) == MOST_RUNS - 1
    assert kept(runs, 100) == 0
    assert kept([Run("large", 1, 10_000), *runs[1:]], 100) == 1


@given(st.dictionaries(st.text(), st.integers(0, PAGE_BYTES // 2).map(bytes), max_size=20))
def test_pages_hold_every_state_once_and_none_is_too_large(states: dict[str, bytes]) -> None:
    made = list(pages(states))
    assert [state for page in made for state in page.items()] == list(states.items())
    assert all(sum(map(len, page.values())) < 2 * PAGE_BYTES for page in made)
    assert all(made)


def test_the_pages_of_a_run_are_found_by_its_turn() -> None:
    assert Run("3:abc", 2, 100).ids() == ["3:abc:0", "3:abc:1"]
