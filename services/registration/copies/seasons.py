"""Seasons as trials defined them: a roster is checked against them, and stages are reached by their rules. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from shared.base.errors import Conflict
from shared.base.wording import worded
from shared.contracts.terms import SeasonRevised
from shared.programme.closing import must_be_open
from shared.programme.moments import must_lie_within
from shared.programme.versions import in_force


class LastDay(NamedTuple):
    """A version of the last day on which pupils are entered into a season."""

    since: date
    set_at: datetime
    registration: date | None
    """None for the season's own last day."""

    @classmethod
    def of(cls, row: Mapping[str, str | None]) -> "LastDay":
        """The last day of a stored version."""
        last = row["registration"]
        since, set_at = date.fromisoformat(str(row["since"])), datetime.fromisoformat(str(row["set_at"]))
        return cls(since, set_at, date.fromisoformat(last) if last else None)


def told(event: SeasonRevised, set_at: datetime) -> dict[str, str | None]:
    """Returns the row of a version as an event tells it."""
    last = event.deadlines.get("registration")
    return {"since": str(event.since), "set_at": set_at.isoformat(), "registration": str(last) if last else None}


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
    last_days: tuple[LastDay, ...] = ()
    """In the order in which they were set."""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Season":
        """The season of a stored definition."""
        return cls(
            code=row["season"],
            grades=(row["grades"][0], row["grades"][1]),
            opens=date.fromisoformat(row["opens"]),
            closes=date.fromisoformat(row["closes"]),
            closed_at=row.get("closed_at"),
            last_days=tuple(LastDay.of(version) for _, version in sorted(row.get("terms", {}).items())),
        )

    def must_take(self, time: datetime, *, excepted: bool = False) -> None:
        """Raises Conflict for a time outside the season or too late unless excepted, and for any once it is closed."""
        must_be_open(self.code, self.closed_at, "season")
        if excepted:
            return
        must_lie_within(time, self.code, self.opens, self.closes, "occurred_at")
        version = in_force(self.last_days, time)
        if version is not None and version.registration is not None and time.date() > version.registration:
            detail = worded("the last day of registration was {last}", last=f"{version.registration}")
            raise Conflict.about("occurred_at", detail, "deadline-over")
