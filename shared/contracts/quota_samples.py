"""Samples of quotas: the units of a season, and those that a school is given for a venue."""

from collections.abc import Sequence
from datetime import UTC, datetime

from shared.contracts.event import Event
from shared.contracts.quotas import QuotaMoved, QuotaSet
from shared.contracts.venue_samples import MOSCOW, SEASON, VENUE

QUOTAS: Sequence[tuple[datetime, Event]] = (
    (
        datetime(2020, 7, 1, 12, 0, tzinfo=UTC),
        QuotaSet(season=SEASON, entry=f"{SEASON}/xC4vB6nM8aS0dF2g", unit="attendance", value=9_612, added=9_612),
    ),
    (
        datetime(2020, 9, 1, 10, 0, tzinfo=MOSCOW),
        QuotaMoved(
            season=SEASON,
            entry=f"{SEASON}/Qw3eR5tY7uI9oP1a",
            unit="attendance",
            region="RU-ROS",
            giver="RU-ROS-001",
            organisation="RU-ROS-001-S03",
            venue=VENUE,
            amount=40,
        ),
    ),
)
