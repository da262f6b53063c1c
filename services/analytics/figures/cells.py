"""The cells that figures are sums of: as a pupil adds to them, and as they are read back. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from services.analytics.enrolments import Enrolment, Span

Table = str
"""The name that keeps a figure's cells apart from others; each figure names its own."""


class Cell(NamedTuple):
    """One count of a table: which document it is packed into (table, season, place) and its path inside."""

    table: Table
    season: str
    region: str
    municipality: str
    place: str
    """The municipality, school or region that the table's documents are of."""
    path: tuple[str, ...]
    """As the table's figure says; it ends in the day."""


class Count(NamedTuple):
    """A cell as it is read: without its season, region and municipality, which the question has already chosen."""

    table: Table
    place: str
    path: Sequence[str]
    """As in the cell; it ends in the day, or in an empty text for the sum over all days."""
    n: int


def cell(table: Table, enrolment: Enrolment, place: str, *path: str) -> Cell:
    """Returns the cell of a pupil's season in a table."""
    return Cell(table, enrolment.season, enrolment.place.region, enrolment.place.municipality, place, path)


def lasting(counted: Iterable[Cell], stay: Span) -> Iterator[tuple[Cell, int]]:
    """Yields cells as they count while a stay lasts: one each when it begins, and one less when it ends."""
    for one in counted:
        if stay.ends is None and one.path[-1] >= stay.begins:  # nearly all are of pupils who never moved
            yield one, 1
            continue
        span = Span(one.path[-1], None).within(stay)
        if span is not None:
            yield one._replace(path=(*one.path[:-1], span.begins)), 1
            if span.ends is not None:
                yield one._replace(path=(*one.path[:-1], span.ends)), -1


def difference(old: Mapping[Cell, int], new: Mapping[Cell, int]) -> dict[Cell, int]:
    """Returns the new counts minus the old ones, without zeros."""
    change = {cell: n - before for cell, n in new.items() if (before := old.get(cell, 0)) != n}
    return change | {cell: -n for cell, n in old.items() if n and cell not in new}
