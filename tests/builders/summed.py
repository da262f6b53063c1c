"""What contributions of pupils add up to, in the shape of a recount."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from services.analytics.enrolments import Link
from services.analytics.figures import guardians
from services.analytics.figures.registry import Contribution


def summed(parts: Iterable[Contribution], day: str) -> Counter[tuple[str, ...]]:
    """What all pupils add up to at the end of a day."""
    found: Counter[tuple[str, ...]] = Counter()
    links: dict[str, set[Link]] = {}
    for part in parts:
        for link in part.links:
            links.setdefault(link.guardian, set()).add(link)
        found.update(_until(day, part.cells))
    for of_guardian in links.values():
        found.update(_until(day, guardians.cells(of_guardian)))
    return +found


def _until(day: str, cells: Counter[Any]) -> Counter[tuple[str, ...]]:
    found: Counter[tuple[str, ...]] = Counter()
    for cell, n in cells.items():
        if cell.path[-1] <= day:
            found[cell.table, cell.region, cell.place, *cell.path[:-1]] += n
    return found
