"""Guardians with a cabinet: distinct in every row, though one may have children anywhere.

No sum of places says how many guardians these have, so each group of places has cells of its own, and a pupil adds no
cell but links: the guardian who has them is folded as a whole.
"""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator

from services.analytics.enrolments import Enrolment, Link, Span, cabinets, joined
from services.analytics.facts import Pupil
from services.analytics.figures.cells import Cell, Count, Table
from services.analytics.figures.reading import Counts, Reading
from services.analytics.figures.rows import Dimension, Key, key_of

REGION: Table = "region-guardians"
MUNICIPALITY: Table = "municipality-guardians"
SCHOOL: Table = "school-guardians"


def links(participant: str, pupil: Pupil, enrolment: Enrolment) -> Iterator[Link]:
    """Yields the links of a pupil's guardians in a place of a season, none of them earlier than the registration."""
    for account, open_on in cabinets(pupil):
        counted = open_on.within(enrolment.stay)
        if counted is not None:
            day = max(open_on.begins, enrolment.registered)
            yield Link(enrolment.season, participant, account, enrolment.place, day, counted)


def cells(links: Iterable[Link]) -> Counter[Cell]:
    """Returns what one guardian adds to the figures: one in every group of the links, as long as one of them lasts.

    So a group's sum over days up to any day is the number of distinct guardians who had a link in it by then. Sums of
    groups are not: a guardian of two municipalities is one in the region. Paths: all, grade and grade, day and the
    day of the link, or class, class and grade; then the day.
    """
    spans: dict[Cell, list[Span]] = defaultdict(list)
    for link in links:
        for group in _groups(link):
            spans[group].append(link.span)
    counted: Counter[Cell] = Counter()
    for group, of_group in spans.items():
        for begins, ends in joined(of_group):
            counted[group._replace(path=(*group.path, begins))] += 1
            if ends is not None:
                counted[group._replace(path=(*group.path, ends))] -= 1
    return counted


def _groups(link: Link) -> Iterator[Cell]:
    """Yields the groups that a link belongs to, as cells that still lack the day at the end of their path."""
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


async def read(region: Reading, by: Dimension | None) -> Counter[Key]:
    """Returns the distinct guardians by the dimension's key, and in all under the empty key."""
    whole = MUNICIPALITY if len(region.municipalities) == 1 else REGION
    if len(region.municipalities) > 1:
        counted = [cell async for cell in _one_by_one(region)]
        counts = Counts(iter(counted), len(counted))
    else:
        counts = await region.cells({whole, _rows(by, whole)[0]}, by_day=by == "day")
    return await counts.summed(lambda found: distinct(found, by, whole))


async def _one_by_one(region: Reading) -> AsyncIterator[Count]:
    """Yields the cells of the guardians who reach into several municipalities, as if these were a region.

    No sum over municipalities says how many of the guardians are the same.
    """
    until = region.asked.as_of
    async for links in region.links():
        for cell, n in cells(links).items():
            if until is None or cell.path[-1] <= until:
                yield Count(cell.table, cell.place, cell.path, n)


def distinct(counts: Iterable[Count], by: Dimension | None, whole: Table) -> Counter[Key]:
    """Returns the distinct guardians by the dimension's key, and in all under the empty key.

    `whole` is the table whose place is all that was asked for.
    """
    rows = _rows(by, whole)
    found: Counter[Key] = Counter()
    for table, place, (kind, *path, day), n in counts:
        if (table, kind) == (whole, "all"):
            found[()] += n
        if by and (table, kind) == rows:
            found[key_of(by, place, path, path[0] if by == "day" else day)] += n
    return found


def _rows(by: Dimension | None, whole: Table) -> tuple[Table, str]:
    """Returns the table of the cells that make the rows of a dimension, and the kind at the head of their path."""
    match by:
        case None:
            return whole, "all"
        case "municipality":
            return MUNICIPALITY, "all"
        case "school":
            return SCHOOL, "all"
        case "class":
            return SCHOOL, "class"
        case "grade" | "day":
            return whole, by
