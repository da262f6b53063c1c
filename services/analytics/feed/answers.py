"""The answers of a feed as models: they describe what the route renders from stored text by itself."""

from datetime import datetime
from typing import Any

from shared.base.models import Answer


class FeedEvent(Answer):
    """One event of a region's log: a CloudEvent 1.0 in JSON form, with its place in the log."""

    seq: int
    """Number in the log, contiguous from 1 within an epoch."""
    epoch: int
    """Epoch of the log: the instant of its opening in milliseconds since 1970."""
    specversion: str
    """Version of CloudEvents: `1.0`."""
    id: str
    """Id of the event, of this region and epoch alone: the same event has another one elsewhere."""
    source: str
    """The service that emitted it, for instance `/trials`."""
    type: str
    """`<subject>.<action>.v<major>`, for instance `trial.attended.v1`; tells the shape of `data`."""
    subject: str
    """The object that it happened to; a person's id is of this region and epoch alone."""
    time: datetime
    """Instant at which it happened, with the region's offset."""
    recordedtime: datetime
    """Instant at which the server recorded it, UTC."""
    sequence: str
    """Ten digits, contiguous per subject where the event was emitted, to be compared only within a subject."""
    data: dict[str, Any]
    """The event's fields without sensitive ones; their schemas by type are in the AsyncAPI document."""


class FeedPage(Answer):
    """Events behind a cursor, in order of their numbers."""

    epoch: int
    """Epoch of the log; another epoch is another log, read from its start."""
    events: list[FeedEvent]
    """None where nothing lies behind the cursor yet."""
    next: str
    """Cursor behind the last of these events: `after` of the next page."""
    watermark: int
    """Number of the newest event in the log; it never falls within an epoch."""
    position: dict[str, int]
    """The log as far as the feed has come: `topic:partition` → offset of the next event."""
