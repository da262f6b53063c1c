"""Guardians are counted distinctly in every row: what cells add up to is what sets of guardians say."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from services.analytics.documents import guardian_document, increments, leaves, links_of
from services.analytics.enrolments import Link, Span
from services.analytics.facts import Day
from services.analytics.figures import guardians
from services.analytics.figures.cells import Cell, Count, difference
from services.analytics.figures.guardians import MUNICIPALITY, REGION
from services.analytics.figures.rows import Dimension
from shared.programme.place import Place

REGIONS = {"R": ("R-1", "R-2", "R-3"), "S": ("S-1",)}
DAYS = ("2020-09-01", "2020-09-02", "2020-10-05")
UNTIL = st.sampled_from((*DAYS, "2020-10-06", "2020-12-01"))
DIMENSIONS: tuple[Dimension | None, ...] = (None, "municipality", "school", "class", "grade", "day")


@st.composite
def places(draw: st.DrawFn) -> Place:
    region = draw(st.sampled_from(sorted(REGIONS)))
    municipality = draw(st.sampled_from(REGIONS[region]))
    grade = draw(st.sampled_from((7, 8)))
    school = f"{municipality}-S{draw(st.integers(1, 2))}"
    return Place(region, municipality, school, f"{grade}{draw(st.sampled_from('А.'))}", grade)


LINKS = st.builds(
    Link,
    st.just("2020"),
    st.sampled_from(("p1", "p2", "p3", "p4")),
    st.sampled_from(("g1", "g2", "g3")),
    places(),
    st.sampled_from(DAYS[:2]),
    st.builds(Span, st.sampled_from(DAYS), st.none() | st.sampled_from(("2020-10-06", "2020-11-01"))),
)
Held = dict[tuple[str, str], Link]
"""Guardian and pupil → the one link that they have."""


def folded(moves: Iterable[Link]) -> tuple[Held, Counter[Cell]]:
    """Links made one after the other, each in place of the same guardian's and pupil's last; cells as differences."""
    held: Held = {}
    cells: Counter[Cell] = Counter()
    for link in moves:
        before = guardians.cells(x for x in held.values() if x.guardian == link.guardian)
        held[link.guardian, link.participant] = link
        after = guardians.cells(x for x in held.values() if x.guardian == link.guardian)
        cells.update(difference(before, after))
    return held, cells


def is_there(link: Link, day: Day) -> bool:
    return link.span.begins <= day and (link.span.ends is None or day < link.span.ends)


def naive(links: Iterable[Link], by: Dimension | None) -> dict[tuple[str, ...], int]:
    """Sets of guardians, by row and in all."""
    sets: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for link in links:
        at = link.place
        rows: dict[Dimension | None, tuple[str, ...]] = {
            None: (),
            "municipality": (at.municipality,),
            "school": (at.school,),
            "class": (at.school, at.school_class, str(at.grade)),
            "grade": (str(at.grade),),
            "day": (link.day,),
        }
        sets[()].add(link.guardian)
        sets[rows[by]].add(link.guardian)
    return {key: len(found) for key, found in sets.items()}


def counted(cells: Counter[Cell], by: Dimension | None, until: Day, municipality: str | None) -> dict[object, int]:
    """What the read side makes of the cells of region R, or of one of its municipalities."""
    read = [
        Count(cell.table, cell.place, cell.path, n)
        for cell, n in cells.items()
        if cell.region == "R" and municipality in (None, cell.municipality) and cell.path[-1] <= until
    ]
    found = guardians.distinct(read, by, MUNICIPALITY if municipality else REGION)
    return {key: n for key, n in found.items() if n}


@given(st.lists(LINKS, max_size=12), UNTIL, st.sampled_from((None, "R-1")))
def test_a_region_or_one_municipality(moves: list[Link], until: Day, municipality: str | None) -> None:
    held, cells = folded(moves)
    places = (municipality,) if municipality else REGIONS["R"]
    asked = [x for x in held.values() if x.place.municipality in places and is_there(x, until)]
    for by in DIMENSIONS:
        assert counted(cells, by, until, municipality) == naive(asked, by), by


@given(st.lists(LINKS, max_size=12), UNTIL)
def test_several_municipalities(moves: list[Link], until: Day) -> None:
    inside = [x for x in folded(moves)[0].values() if x.place.municipality in ("R-1", "R-2")]
    cells: Counter[Cell] = Counter()
    for guardian in {x.guardian for x in inside}:
        cells.update(guardians.cells(x for x in inside if x.guardian == guardian))
    for by in DIMENSIONS:
        assert counted(cells, by, until, None) == naive((x for x in inside if is_there(x, until)), by), by


@given(st.permutations(range(4)), st.lists(LINKS, min_size=4, max_size=4))
def test_a_set_has_no_order(order: list[int], links: list[Link]) -> None:
    assert guardians.cells(links[i] for i in order) == guardians.cells([*links, links[0]])


@given(st.sets(LINKS, min_size=1).map(lambda links: {x._replace(guardian="g1") for x in links}))
def test_links_and_cells_are_read_as_they_were_stored(links: set[Link]) -> None:
    assert links_of(guardian_document("2020", "g1", links)) == links
    paths = Counter(cell.path for cell in guardians.cells(links))
    tree: dict[str, object] = {}
    for field, n in increments(paths).items():
        *steps, last = field.split(".")
        below = tree
        for step in steps:
            below = below.setdefault(step, {})  # type: ignore[assignment]
        below[last] = n
    expected = Counter({("n", *path): n for path, n in paths.items()})
    for path, n in paths.items():
        expected["total", *path[:-1]] += n
    assert {tuple(path): n for path, n in leaves(tree)} == expected
