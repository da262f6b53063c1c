"""Numbered revisions of a season that is closed: with each, the corrections that were made until then count."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from shared.base.errors import BadInput, Conflict
from shared.base.models import Input
from shared.programme.moments import LocalTime, Moment
from shared.programme.texts import Reason

MOST_REVISIONS = 100


class RevisionEntry(Input):
    """A revision of a closed season, as the national operator publishes it."""

    reason: Reason
    """The reason why the told figures change; shown with the season's revisions."""
    occurred_at: Moment | None = None


class Revision(BaseModel):
    """A revision of a closed season; its number is its place among them, from 1."""

    model_config = ConfigDict(frozen=True)

    reason: str | None
    """None where a database was put back that did not know the revision yet: no event tells it."""
    time: LocalTime


def published(
    known: tuple[Revision, ...], number: int, entry: RevisionEntry, closed_at: datetime, time: datetime
) -> Revision | None:
    """Returns the revision to be added; None where that number was published with the same reason.

    Raises Conflict for a number that has another reason or is not the next one, BadInput for a time before the last.
    """
    if number <= len(known):
        if known[number - 1].reason == entry.reason:
            return None
        raise Conflict(f"revision {number} is published, with another reason", slug="revision-published")
    if number > len(known) + 1:
        raise Conflict(f"the next revision has the number {len(known) + 1}", slug="revision-not-next")
    before = max((closed_at, *(revision.time for revision in known)))
    if time < before:
        raise BadInput.field("occurred_at", f"lies before {before.isoformat()}, the closing or the revision before")
    return Revision(reason=entry.reason, time=time)
