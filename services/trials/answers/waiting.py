"""Places in lines, as they are shown to a family and its school."""

from typing import Literal

from shared.base.models import Answer
from shared.http.paging import Page
from shared.programme.moments import LocalTime


class WaitingAnswer(Answer):
    """A pupil's place in the line of a slot."""

    participant: str
    """Id of the pupil: where the named entry was merged into another one, that one's."""
    slot: str
    """Id of the slot."""
    place: int
    """Place in the line, from 1."""
    status: Literal["waiting", "known"]
    """`waiting` from now on, or `known` where the pupil was in the line already."""


class LeftAnswer(Answer):
    """A pupil who is not in the line of a slot any more, or never was."""

    participant: str
    """Id of the pupil."""
    slot: str
    """Id of the slot."""
    status: Literal["left"] = "left"
    """Always `left`."""


class ConfirmedAnswer(Answer):
    """A booking that is the pupil's for good."""

    booking: str
    """Id of the booking."""
    slot: str
    """Id of the slot."""
    status: Literal["confirmed"] = "confirmed"
    """Always `confirmed`."""


class PlaceView(Answer):
    """A place in a line, also one that has ended."""

    slot: str
    """Id of the slot."""
    joined_at: LocalTime
    """When the pupil came into the line, on the region's clock."""
    place: int | None
    """Place in the line, from 1; null once it has ended."""
    ended: str | None
    """How it ended: `seated`, `unconfirmed`, `left`, or the reason why no seat could be given, by the same code as a
    booking would be refused (`time-conflict`, `consent-missing`, `slot-closed`…); null while the pupil waits."""
    booking: str | None
    """Id of the booking that was made; null while there is none."""


class PlacePage(Page[PlaceView]):
    """A pupil's places in the lines of a season, the oldest first."""
