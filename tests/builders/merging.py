"""Both events by which two entries of one pupil are merged and parted."""

from typing import Any

from shared.contracts.event import Event
from tests.builders import events


def merged(survivor: str = "s", duplicate: str = "d", **changed: Any) -> tuple[Event, Event]:
    """What registration says of both: first of the survivor, then of the duplicate."""
    return (
        events.merged(survivor, duplicate, "survivor", **changed),
        events.merged(duplicate, survivor, "duplicate", **changed),
    )


def unmerged(survivor: str = "s", duplicate: str = "d", **changed: Any) -> tuple[Event, Event]:
    """What it says of both when they are two pupils after all."""
    return (
        events.unmerged(survivor, duplicate, "survivor", **changed),
        events.unmerged(duplicate, survivor, "duplicate", **changed),
    )
