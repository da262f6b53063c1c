"""Slots as trials opened them, and who speaks for them: a venue is told whom it expects, and nobody else. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from shared.contracts.timetables import SlotMoved
from shared.contracts.trials import SlotOpened

BEFORE, AFTER = timedelta(days=2), timedelta(days=1)
"""Names are shown for so long before a slot's start, and after its end: to prepare, and to enter who was there."""
KEPT = timedelta(days=30)
"""A copy is kept for so long after a slot's end."""


@dataclass(frozen=True, slots=True)
class Slot:
    """The parts of a slot by which names are shown."""

    id: str
    venue: str
    region: str
    starts: datetime
    ends: datetime

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """The slot of a stored row."""
        return cls(row["_id"], row["venue"], row["region"], row["starts"], row["ends"])

    @property
    def shown(self) -> tuple[datetime, datetime]:
        """The times from which, and until which, its names are shown."""
        return self.starts - BEFORE, self.ends + AFTER


def slot_row(told: SlotOpened | SlotMoved) -> dict[str, Any]:
    """A slot as it is stored; each event that says when it is held says all of it."""
    ends = told.starts_at + timedelta(minutes=told.minutes)
    return {
        "_id": told.slot,
        "venue": told.venue,
        "region": told.region,
        "starts": told.starts_at,
        "ends": ends,
        "expires": ends + KEPT,
    }
