"""A season that is closed: its facts are told for good, and only corrections are recorded from then on."""

from datetime import date, datetime, timedelta, timezone

from shared.base.errors import Conflict
from shared.base.wording import worded

LAST_CLOCK = timezone(timedelta(hours=-12))
"""The clock on which a day ends last."""


def is_over(closes: date, time: datetime) -> bool:
    """Tells whether a season's last day is over at a time, on every clock."""
    return time >= datetime.combine(closes + timedelta(days=1), datetime.min.time(), LAST_CLOCK)


def must_be_open(season: str, closed_at: datetime | None, word: str) -> None:
    """Raises Conflict about the request's `word` for what is new to a season that is closed, whenever it happened."""
    if closed_at is not None:
        detail = worded("season {season} is closed; only corrections are recorded", season=season)
        raise Conflict.about(word, detail, "season-closed")
