"""The rows of an answer: one for each municipality, school, class, grade or day, by the key that tells them apart."""

from collections.abc import Sequence
from typing import Any, Literal

from services.analytics.facts import Day
from shared.programme.texts import class_form

Dimension = Literal["municipality", "school", "class", "grade", "day"]
Row = dict[str, Any]
Key = tuple[str, ...]
"""A row's place in its table: the code, the school with class and grade, the grade or the day; empty for the whole."""


def key_of(by: Dimension | None, place: str, path: Sequence[str], day: Day) -> Key:
    """Returns the key of the row that a cell counts towards; `path` lies between the cell's kind and its day."""
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
