"""The funnel: distinct pupils at each stage of a season, in all and by one dimension."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Annotated

from fastapi import Query
from pydantic import Field

from services.analytics.enrolments import Enrolment
from services.analytics.figures import guardians
from services.analytics.figures.cells import Cell, Count, Table, cell
from services.analytics.figures.figure import Figure, Figures
from services.analytics.figures.reading import Reading, stands_for
from services.analytics.figures.rows import Dimension, Key, Row, key_of
from services.analytics.figures.words import InWords, Words
from shared.base.models import Answer
from shared.base.side_thread import aside
from shared.programme.stages import STAGES, Stage

MUNICIPALITIES: Table = "funnel"
"""By municipality: stage, grade, day."""
CLASSES: Table = "classes"
"""By school: stage, class, grade, day."""
Reached = Mapping[Key, Counter[Stage]]
"""Pupils at each stage, by the key of a row."""


def cells(enrolment: Enrolment) -> Iterator[Cell]:
    """Yields the pupil's stages, in both tables."""
    place, grade = enrolment.place, str(enrolment.place.grade)
    for stage, day in enrolment.stages.items():
        yield cell(MUNICIPALITIES, enrolment, place.municipality, stage, grade, day)
        yield cell(CLASSES, enrolment, place.school, stage, place.school_class, grade, day)


class Stages(Answer):
    """Distinct pupils who reached each stage."""

    registered: int
    """Entered into the season by a school."""
    participated: int
    """Completed a diagnostic or attended an activity of any kind; a booking is not enough."""
    tested: int
    """Completed every diagnostic that the season requires."""
    attended: int
    """Attended one practical trial or more."""
    completed: int
    """Attended the season's number of trials and have a recommendation."""
    recommended: int
    """Have a recommendation in force."""
    guardians: int
    """Distinct guardians with a cabinet; they do not add up over rows, since one may have children in several."""


class FunnelRow(Stages):
    """One row of the dimension asked for, and the names of what it counts."""

    municipality: str | None = None
    """Code of the municipality; of rows by municipality, school and class."""
    school: str | None = None
    """Code of the school; of rows by school and class."""
    name: str | None = None
    """Name of the municipality or school, or its code where no name is known."""
    class_: str | None = Field(default=None, alias="class")
    """The class as its school writes it, for instance «7А»; of rows by class."""
    grade: int | None = None
    """6 to 11 in the programme; of rows by class and grade."""
    day: date | None = None
    """Local day of the region on which the pupils reached the stages; of rows by day."""


class Place(Answer):
    """A municipality by its code and name."""

    municipality: str
    """Its code."""
    name: str
    """Its name, or its code where no name is known."""


class Funnel(Figures, Stages):
    """Distinct pupils at each stage, over all that the token's scope reaches."""

    name: str
    """Name of the region."""
    municipalities: list[Place]
    """The only ones that the token's scope reaches; none where it reaches the whole region."""
    known_at: datetime
    """Instant of this answer, on the region's clock."""
    method: str
    """Name and version of the way it is counted, for instance `funnel/1`."""
    rows: list[FunnelRow]
    """The same by the dimension asked for; a row of nothing but zeros is left out, and without `by` there is none."""


async def by_dimension(
    by: Annotated[Dimension | None, Query(description="one row for each; without it the totals alone")] = None,
) -> Dimension | None:
    """Returns the funnel's own parameter."""
    return by


async def read(region: Reading, by: Dimension | None) -> Row:
    """Distinct pupils at each stage, in all and by one dimension."""
    counts = await reached(region, by)
    linked = await guardians.read(region, by)
    return {
        **await stands_for(region),
        "name": region.name,
        "municipalities": [{"municipality": code, "name": name} for code, name in region.municipalities.items()],
        "known_at": region.known_at,
        "method": FIGURE.method,
        **{stage: sum(row[stage] for row in counts.values()) for stage in STAGES},
        "guardians": linked[()],
        "rows": await rows(region, by, counts, linked) if by else [],
    }


async def reached(region: Reading, by: Dimension | None) -> Reached:
    """Returns the pupils at each stage, by the dimension's key."""
    table = CLASSES if by in ("school", "class") else MUNICIPALITIES
    depth = 1 if by in (None, "municipality", "school") else None  # of these only stage and place are told apart
    counts = await region.cells({table}, by_day=by == "day", depth=depth)
    return await counts.summed(lambda found: by_stage(found, by))


def by_stage(counts: Iterable[Count], by: Dimension | None) -> Reached:
    """Returns the pupils at each stage, by the dimension's key."""
    found: dict[Key, Counter[Stage]] = defaultdict(Counter)
    for _, place, (stage, *path, day), n in counts:
        found[key_of(by, place, path, day)][stage] += n  # type: ignore[index]
    return found


async def rows(region: Reading, by: Dimension, counts: Reached, linked: Counter[Key]) -> list[Row]:
    """Returns the rows of a dimension, in order of their keys, with the names of what they count."""
    told = await aside(lambda: list(_told(counts, linked)), len(counts) + len(linked))
    if by == "grade":
        return [{"grade": int(key[0]), **row} for key, row in told]
    if by == "day":
        return [{"day": key[0], **row} for key, row in told]
    known = await region.organisations(key[0] for key, _ in told)
    return await aside(lambda: [_named(by, key, row, known.get(key[0], {})) for key, row in told], len(told))


def _told(counts: Reached, linked: Counter[Key]) -> Iterator[tuple[Key, Row]]:
    """Yields what rows say; one of nothing but zeros is left out.

    A day has a row also where it has guardians alone. Guardians in all, under the empty key, are no row.
    """
    none: Counter[Stage] = Counter()
    for key in sorted({*counts, *linked} - {()}):
        stages, cabinets = counts.get(key, none), linked.get(key, 0)
        if cabinets or any(stages.values()):
            yield key, {**{stage: stages[stage] for stage in STAGES}, "guardians": cabinets}


def _named(by: Dimension, key: Key, row: Row, organisation: Row) -> Row:
    """Returns the row of an organisation or a class as it is shown."""
    code, *rest = key
    named: Row = {"municipality" if by == "municipality" else "school": code, "name": organisation.get("name", code)}
    if by != "municipality":
        named["municipality"] = organisation.get("municipality")
    if by == "class":
        named |= {"class": rest[0], "grade": int(rest[1])}
    return named | row


WORDS: InWords = {
    "ru": Words(
        "Воронка",
        "Разные ученики, дошедшие до каждого этапа сезона: зарегистрированы, приняли участие, прошли диагностику, были "
        "на пробе, завершили сезон, получили рекомендацию.",
        "ученики, дошедшие до этапа к последнему дню",
        None,
        "регистрации, переводы и объединения учеников; диагностики, посещения и рекомендации за вычетом отменённых",
    ),
    "en": Words(
        "Funnel",
        "Distinct pupils who reached each stage of a season: registered, participated, tested, attended, completed, "
        "recommended.",
        "pupils who reached the stage by the last day",
        None,
        "registrations, moves and mergings of pupils; diagnostics, attendances and recommendations without those taken "
        "back",
    ),
}

FIGURE = Figure(
    name="funnel", version=1, words=WORDS, answer=Funnel, parameter=by_dimension, read=read, cells=cells, rows_by="by"
)
