"""Seasons as trials defined them: a roster is checked against them, and stages are reached by their rules. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from shared.programme.closing import must_be_open
from shared.programme.moments import must_lie_within


@dataclass(frozen=True, slots=True)
class Season:
    """The parts of a season's definition that a roster has to fit."""

    code: str
    grades: tuple[int, int]
    """Lowest and highest grade, both included."""
    opens: date
    closes: date
    """Its last day."""
    closed_at: datetime | None = None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Season":
        """The season of a stored definition."""
        return cls(
            code=row["season"],
            grades=(row["grades"][0], row["grades"][1]),
            opens=date.fromisoformat(row["opens"]),
            closes=date.fromisoformat(row["closes"]),
            closed_at=row.get("closed_at"),
        )

    def must_contain(self, time: datetime, *, excepted: bool = False) -> None:
        """Raises Conflict for a time on a day outside the season unless excepted, and for any once it is closed."""
        must_be_open(self.code, self.closed_at, "season")
        if not excepted:
            must_lie_within(time, self.code, self.opens, self.closes, "occurred_at")
