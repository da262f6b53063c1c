"""Shapes of the answers, purely: packed cells unpacked, rows keyed and named, municipalities ranked."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from fractions import Fraction
from typing import Any, Literal

from services.analytics.domain import STAGES, Day, Stage

Dimension = Literal["municipality", "school", "class", "grade", "day"]
Row = dict[str, Any]


def local_day(now: datetime, utc_offset: str) -> Day:
    """The calendar day of an instant at an offset such as `+03:00`."""
    at = datetime.fromisoformat(f"2000-01-01T00:00:00{utc_offset}")
    return now.astimezone(at.tzinfo).date().isoformat()


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


def leaves(tree: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterable[Any]:
    """Every path of a packed document with its count: `(stage, grade, day, n)`."""
    for name, below in tree.items():
        step = name.replace("%2E", ".").replace("%24", "$").replace("%25", "%") if "%" in name else name
        if isinstance(below, dict):
            yield from leaves(below, (*path, step))
        else:
            yield (*path, step, below)


def key_of(by: Dimension | None, packed: Row, path: list[str], day: Day) -> tuple[str, ...]:
    """What a cell counts towards when a table is made by a dimension."""
    match by:
        case None:
            return ()
        case "municipality" | "school":
            return (packed["place"],)
        case "class":
            return (packed["place"], *path)
        case "grade":
            return (path[-1],)
        case "day":
            return (day,)


def summed(counts: Mapping[tuple[str, ...], Counter[Stage]]) -> Row:
    """The totals over every row."""
    return {stage: sum(row[stage] for row in counts.values()) for stage in STAGES}


def table(counts: Mapping[tuple[str, ...], Counter[Stage]], guardians: Counter[tuple[str, ...]]) -> list[Row]:
    """Rows of stages and guardians by key; a row of nothing but zeros is left out."""
    return [
        {"key": key, "counts": {**{stage: counts[key][stage] for stage in STAGES}, "guardians": guardians.get(key, 0)}}
        for key in sorted(counts)
        if any(counts[key].values())
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
