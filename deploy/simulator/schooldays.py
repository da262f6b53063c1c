"""The season's calendar: a fraction of the season is a local moment in school hours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Self

MORNING = time(8, 30)
SCHOOL_DAY = timedelta(hours=9)
SLOT_STARTS = (time(10), time(15), time(16, 30))
SHORTEST_WINDOW = timedelta(hours=2)
"""Below it the usual hours would leave no time between one round of trials and the next."""
SUMMER = (7, 8)

Window = tuple[float, float]
"""A part of the season, as fractions of its school time."""
ROSTERS: Window = (0.01, 0.14)
LINKS: Window = (0.14, 0.17)
DIAGNOSTICS: Window = (0.17, 0.36)
TRIALS: Window = (0.36, 1.0)
SECOND_ROUND = 0.7
"""The fraction with whose day the second round of diagnostics begins."""


@dataclass(frozen=True, slots=True)
class SchoolDays:
    """The days on which a season takes place; fractions of it are of school time, from 0 up to 1."""

    days: tuple[date, ...]
    zone: timezone

    @classmethod
    def of(cls, opens: date, closes: date, zone: timezone, today: date) -> Self:
        """Weekdays of the school year before `closes` and before `today`; where there are none, whatever days are.

        Raises `ValueError` for a season that opens today or later: the platform records only what has happened.
        """
        if opens >= today:
            raise ValueError(f"the season opens on {opens}: only a season that has begun can be played")
        last = max(opens, min(closes, today) - timedelta(days=1))
        every = [opens + timedelta(days=n) for n in range((last - opens).days + 1)]
        weekdays = [day for day in every if day.weekday() < 5]
        return cls(tuple([day for day in weekdays if day.month not in SUMMER] or weekdays or every), zone)

    def at(self, fraction: float) -> datetime:
        """The moment at a fraction of the season's school time, in whole seconds."""
        day_seconds = int(SCHOOL_DAY.total_seconds())
        last = len(self.days) * day_seconds - 1
        day, second = divmod(min(last, int(fraction * (last + 1))), day_seconds)
        return datetime.combine(self.days[day], MORNING, self.zone) + timedelta(seconds=second)

    def slot_starts(self, begin: float, end: float) -> Sequence[datetime]:
        """The usual hours of trials between two fractions; in a window too short for them its beginning alone."""
        first, last = self.at(begin), self.at(end)
        usual = (datetime.combine(day, hour, self.zone) for day in self.days for hour in SLOT_STARTS)
        inside = [start for start in usual if first <= start < last]
        long_enough = (end - begin) * len(self.days) * SCHOOL_DAY >= SHORTEST_WINDOW
        return inside if inside and long_enough else [first]


def within(window: Window, share: float) -> float:
    """The fraction at a share of a window."""
    return window[0] + (window[1] - window[0]) * share


def part(window: Window, place: int, parts: int) -> Window:
    """One of equal consecutive parts of a window."""
    begin, end = window
    return begin + (end - begin) * place / parts, begin + (end - begin) * (place + 1) / parts
