"""The runs of a partition's journal: which of them become one, so that reading them all stays cheap. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

MOST_RUNS = 32
"""More of them are not left beside each other."""
PAGE_BYTES = 1_000_000
"""A page is closed with the state that reaches this: a database takes sixteen times as much in one document."""
States = Mapping[str, bytes]
"""The packed states of pupils by participant."""


class Run(NamedTuple):
    """The pages that one transaction has written: of a pupil the state of the newest run holds."""

    turn: str
    """The turn of that transaction, which is what its pages are found by."""
    pages: int
    size: int
    """Bytes of its states."""

    def ids(self) -> list[str]:
        """Returns the `_id` of each page."""
        return [f"{self.turn}:{number}" for number in range(self.pages)]


def kept(runs: Sequence[Run], size: int) -> int:
    """Returns how many of the oldest runs stay as they are when one of a size comes; the others become one with it.

    Mostly all stay. When there are too many, those go on that are larger than all that is newer than they are together:
    so a state is written anew only when as much again has been written since.
    """
    if len(runs) < MOST_RUNS:
        return len(runs)
    newer = size + sum(run.size for run in runs)
    for number, run in enumerate(runs):
        newer -= run.size
        if run.size <= newer:
            return number
    return len(runs)


def pages(states: States) -> Iterator[dict[str, bytes]]:
    """Yields the states in pages."""
    page: dict[str, bytes] = {}
    size = 0
    for participant, state in states.items():
        page[participant] = state
        size += len(state)
        if size >= PAGE_BYTES:
            yield page
            page, size = {}, 0
    if page:
        yield page
