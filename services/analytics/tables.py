"""Shapes of the answers, purely: cells counted by rows, rows keyed and named, municipalities ranked."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any, Literal, NamedTuple

from services.analytics.domain import Day, Table
from services.analytics.guardians import MUNICIPALITY, SCHOOL
from shared.programme.moments import zone
from shared.programme.stages import STAGES, Stage
from shared.programme.texts import class_form

Dimension = Literal["municipality", "school", "class", "grade", "day"]
Row = dict[str, Any]


def local_day(now: datetime, utc_offset: str) -> Day:
    """The calendar day of an instant at an offset such as `+03:00`."""
    return now.astimezone(zone(utc_offset)).date().isoformat()


def ranked(rows: Iterable[Row]) -> list[Row]:
    """Rows by exact share, the larger first; ranks as in sport (1, 2, 2, 4), ties in order of the code."""
    shares = [(Fraction(row["completed"], row["tested"]), row) for row in rows]
    shares.sort(key=lambda pair: (-pair[0], pair[1]["municipality"]))
    table: list[Row] = []
    for place, (share, row) in enumerate(shares, 1):
        tied = bool(table) and shares[place - 2][0] == share
        table.append(
            {
                "rank": table[-1]["rank"] if tied else place,
                "municipality": row["municipality"],
                "name": row["name"],
                "share": float(share),
                "completed": row["completed"],
                "tested": row["tested"],
            }
        )
    return table


class Count(NamedTuple):
    """A cell as it is read: without its season, region and municipality, which the question has already chosen."""

    table: Table
    place: str
    path: Sequence[str]
    """As in the cell; it ends in the day, or in an empty text for the sum over all days."""
    n: int


def key_of(by: Dimension | None, place: str, path: Sequence[str], day: Day) -> tuple[str, ...]:
    """What a cell of a place counts towards when a table is made by a dimension; `path` is between kind and day."""
    match by:
        case None:
            return ()
        case "municipality" | "school":
            return (place,)
        case "class":
            name, grade = path
            return (place, class_form(name), grade)
        case "grade":
            return (path[-1],)
        case "day":
            return (day,)


def by_stage(counts: Iterable[Count], by: Dimension | None) -> dict[tuple[str, ...], Counter[Stage]]:
    """Pupils at each stage, by the dimension's key."""
    found: dict[tuple[str, ...], Counter[Stage]] = defaultdict(Counter)
    for _, place, (stage, *path, day), n in counts:
        found[key_of(by, place, path, day)][stage] += n  # type: ignore[index]
    return found


def distinct_guardians(counts: Iterable[Count], by: Dimension | None, whole: Table) -> Counter[tuple[str, ...]]:
    """Distinct guardians by the dimension's key, and in all under the empty key; `whole` is the table whose place is
    all that was asked for."""
    rows = guardian_rows(by, whole)
    found: Counter[tuple[str, ...]] = Counter()
    for table_name, place, (kind, *path, day), n in counts:
        if (table_name, kind) == (whole, "all"):
            found[()] += n
        if by and (table_name, kind) == rows:
            found[key_of(by, place, path, day)] += n
    return found


def guardian_rows(by: Dimension | None, whole: Table) -> tuple[Table, str]:
    """The cells that make the rows of a dimension: their table, and the kind at the head of their path."""
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


def summed(counts: Mapping[tuple[str, ...], Counter[Stage]]) -> Row:
    """The totals over every row."""
    return {stage: sum(row[stage] for row in counts.values()) for stage in STAGES}


def table(counts: Mapping[tuple[str, ...], Counter[Stage]], guardians: Counter[tuple[str, ...]]) -> list[Row]:
    """Rows of stages and guardians by key; a row of nothing but zeros is left out.

    A day has a row also where it has guardians alone. Guardians in all, under the empty key, are no row.
    """
    none: Counter[Stage] = Counter()
    rows = ((key, counts.get(key, none), guardians.get(key, 0)) for key in sorted({*counts, *guardians} - {()}))
    return [
        {"key": key, "counts": {**{stage: stages[stage] for stage in STAGES}, "guardians": linked}}
        for key, stages, linked in rows
        if linked or any(stages.values())
    ]


def with_name(by: Dimension, row: Row, organisation: Row) -> Row:
    """A row of an organisation or a class as it is shown."""
    code, *rest = row["key"]
    named: Row = {"municipality" if by == "municipality" else "school": code, "name": organisation.get("name", code)}
    if by != "municipality":
        named["municipality"] = organisation.get("municipality")
    if by == "class":
        named |= {"class": rest[0], "grade": int(rest[1])}
    return {**named, **row["counts"]}
