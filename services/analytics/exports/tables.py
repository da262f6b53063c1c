"""The tables that there are: the rows of every figure, the ministry's form, and the stages day by day."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from services.analytics.exports.columns import cells_of, columns_of
from services.analytics.exports.table import BATCH, CONTEXT, Batch, Cell, Column, Table
from services.analytics.figures import funnel
from services.analytics.figures.figure import Figure
from services.analytics.figures.reading import OfPlace, Reading, stands_for
from services.analytics.figures.rows import Row
from shared.base.errors import BadInput
from shared.programme.stages import STAGES
from shared.programme.texts import class_form

FORM = (
    Column("municipality", "text", "Code of the municipality."),
    Column("municipality_name", "text", "Its name, or its code where no name is known."),
    Column("school", "text", "Code of the school."),
    Column("school_name", "text", "Its name, or its code where no name is known."),
    Column("class", "text", "The class as its school writes it."),
    Column("grade", "whole", "6 to 11 in the programme."),
    *(Column(name, "whole", funnel.Stages.model_fields[name].description or "") for name in (*STAGES, "guardians")),
)
"""The form in which a region reports to the ministry: a row for each class."""
DAYS = (
    Column("municipality", "text", "Code of the municipality."),
    Column("school", "text", "Code of the school."),
    Column("class", "text", "The class as its school writes it."),
    Column("grade", "whole", "6 to 11 in the programme."),
    Column("stage", "text", f"One of {', '.join(STAGES)}."),
    Column("day", "day", "Local day of the region."),
    Column(
        "pupils", "whole", "Pupils of the class who reached the stage that day, minus those who left it for another."
    ),
)
"""The stages day by day; the sum up to a day is what the funnel says as of it."""


async def of_figure(figure: Figure[Any], region: Reading, parameter: Any) -> Table:
    """Returns the rows of a figure; raises BadInput where its parameter would let it have none."""
    if figure.rows_by and parameter is None:
        raise BadInput.field(f"query:{figure.rows_by}", "is needed where rows are asked for")
    content = await figure.read(region, parameter)
    columns = columns_of(figure.answer)
    return await _table(figure.name, figure.method, region, columns, _batches(content["rows"], columns))


async def form(region: Reading) -> Table:
    """Returns the ministry's form: municipality, school, class."""
    classes: Sequence[Row] = (await funnel.read(region, "class"))["rows"]
    towns = await region.organisations({row["municipality"] for row in classes if row["municipality"]})
    rows = [
        row
        | {
            "school_name": row["name"],
            "municipality_name": towns.get(row["municipality"], {}).get("name", row["municipality"]),
        }
        for row in classes
    ]
    rows.sort(key=lambda row: (row["municipality"] or "", row["school"], row["grade"], row["class"]))
    return await _table("form", funnel.FIGURE.method, region, FORM, _batches(rows, FORM))


async def days(region: Reading) -> Table:
    """Returns the stages of every class day by day, a school at a time."""
    batches = _of_schools(region.places(funnel.CLASSES))
    return await _table("days", funnel.FIGURE.method, region, DAYS, batches)


TABLES = {"form": form, "days": days}


async def _table(
    name: str, method: str, region: Reading, columns: Sequence[Column], batches: AsyncIterator[Batch]
) -> Table:
    stands = await stands_for(region)
    context: list[Cell] = [stands["season"], stands["region"], date.fromisoformat(stands["as_of"]), method]
    about = _about(name, method, region, stands)
    file = "-".join((name, stands["region"], stands["season"], stands["as_of"]))
    return Table(file, about, [*CONTEXT, *columns], _with(context, batches))


def _about(name: str, method: str, region: Reading, stands: Row) -> Mapping[str, str]:
    scope = ", ".join(f"{code} {name}" for code, name in region.municipalities.items()) or "the whole region"
    revision = "the season is open" if stands["revision"] is None else str(stands["revision"])
    return {
        "table": name,
        "method": method,
        "season": stands["season"],
        "region": f"{stands['region']} {region.name}",
        "scope": scope,
        "as_of": stands["as_of"],
        "known_at": region.known_at,
        "revision": revision,
        "position": json.dumps(stands["position"], separators=(",", ":")),
    }


async def _with(context: Sequence[Cell], batches: AsyncIterator[Batch]) -> AsyncIterator[Batch]:
    async for batch in batches:
        yield [[*context, *row] for row in batch]


async def _batches(rows: Sequence[Row], columns: Sequence[Column]) -> AsyncIterator[Batch]:
    for batch in cells_of(rows, columns, BATCH):
        yield batch


async def _of_schools(schools: AsyncIterator[OfPlace]) -> AsyncIterator[Batch]:
    """Yields the rows of schools, as many schools at once as make a batch."""
    rows: list[Sequence[Cell]] = []
    async for school in schools:
        rows += _of_school(school)
        if len(rows) >= BATCH:
            yield rows
            rows = []
    if rows:
        yield rows


def _of_school(school: OfPlace) -> Iterable[Sequence[Cell]]:
    """Returns the rows of one school; a class is one however events spell it."""
    pupils: Counter[tuple[str, int, str, str]] = Counter()
    for (stage, name, grade, day), n in school.counts:
        pupils[class_form(name), int(grade), stage, day] += n
    return [
        (school.municipality, school.place, name, grade, stage, date.fromisoformat(day), n)
        for (name, grade, stage, day), n in sorted(pupils.items())
        if n
    ]
