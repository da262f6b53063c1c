"""The fold of a guardian: a set of links → the groups in which the guardian counts as one. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator

from services.analytics.domain import Cell, Day, Link, Table

REGION: Table = "region-guardians"
MUNICIPALITY: Table = "municipality-guardians"
SCHOOL: Table = "school-guardians"


def guardian_cells(links: Iterable[Link]) -> Counter[Cell]:
    """What one guardian adds to the figures: one in every group of the links, on the day of the group's first link.

    So a group's sum over days up to any day is the number of distinct guardians who had a link in it by then. Sums of
    groups are not: a guardian of two municipalities is one in the region.
    """
    first: dict[Cell, Day] = {}
    for link in links:
        for group in _groups(link):
            first[group] = min(link.day, first.get(group, link.day))
    return Counter(group._replace(path=(*group.path, day)) for group, day in first.items())


def _groups(link: Link) -> Iterator[Cell]:
    """The groups that a link belongs to, as cells that still lack the day at the end of their path."""
    at, grade = link.place, str(link.place.grade)
    region = Cell(REGION, link.season, at.region, "", at.region, ("all",))
    municipality = region._replace(table=MUNICIPALITY, municipality=at.municipality, place=at.municipality)
    school = municipality._replace(table=SCHOOL, place=at.school)
    for area in (region, municipality):
        yield area
        yield area._replace(path=("grade", grade))
        yield area._replace(path=("day", link.day))
    yield school
    yield school._replace(path=("class", at.school_class, grade))
