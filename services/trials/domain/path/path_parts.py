"""The parts of a path, as they are stored and shown: each happened once, and keeps whether it still stands."""

from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict

from shared.base.models import Answer
from shared.contracts.cancellations import CancellationReason
from shared.contracts.trials import (
    AttendanceSource,
    RevocationReason,
    SlotKind,
)
from shared.programme.moments import LocalTime

Claim = Literal["reserved", "completed"]
BEFORE_START = timedelta(hours=6)
"""So long before the start an unconfirmed seat goes to the next at the latest."""
Correcting = Literal["cancelled", "missed", "revoked", "unheld", "withdrawn", "retracted", "marked", "starred"]
"""A booking was given up or not kept, an attendance, a lesson, a recommendation or an attempt was taken back, or an
attendance was given marks or stars."""
SHORTEST = timedelta(hours=2)
"""A seat that leaves less time to answer is given without being asked."""


def latest_answer(now: datetime, starts_at: datetime) -> datetime | None:
    """Returns until when a seat is to be confirmed at the latest; None where too little time is left to ask."""
    until = starts_at - BEFORE_START
    return until if until - now >= SHORTEST else None


class Step(Answer):
    """A part of a path."""

    model_config = ConfigDict(frozen=True)

    id: str
    """Random id."""
    time: LocalTime
    """When it happened, on the region's clock."""


class Booking(Step):
    """A seat taken in a slot, with the parts of the slot that later decisions need."""

    slot: str
    """Id of the slot."""
    venue: str
    """Code of the venue."""
    competency: str
    """Code of the competency that is tried."""
    kind: SlotKind
    """The kind of the slot: a practical trial, or an activity of another kind."""
    starts_at: LocalTime
    """Start of the slot, on the region's clock."""
    minutes: int
    """Length of the slot in minutes."""
    source: Literal["door"] | None = None
    """`door` where it was made as the pupil was let in; null for one that was made before."""
    confirm_by: LocalTime | None = None
    """Until when the seat, which was given from the waiting list, is to be confirmed; null where it need not be."""
    cancelled: LocalTime | None = None
    """When the seat was given up; null while it is the pupil's."""
    given_up: CancellationReason | None = None
    """The reason why it was given up; null while it is the pupil's, and where an earlier release kept none."""
    missed: LocalTime | None = None
    """When the venue said that the pupil had not come; null while it has not, or where the pupil had come after all."""
    school: str | None = None
    """Code of the school of which a quota is used; null where an earlier release kept none."""
    holds: Claim | None = None
    """The part of the ledger in which the booking holds a unit of that quota; null where it holds none."""

    @property
    def is_live(self) -> bool:
        """True while the seat is the pupil's."""
        return self.cancelled is None

    @property
    def ends_at(self) -> datetime:
        """The time from which the pupil is free again."""
        return self.starts_at + timedelta(minutes=self.minutes)


class Opinion(Answer):
    """An opinion of an attendance, as it holds by now."""

    model_config = ConfigDict(frozen=True)

    time: LocalTime
    """When it was said, on the region's clock."""
    revision: int
    """1 for what was said first; each that takes its place counts on."""


class Marks(Opinion):
    """The mentor's marks by criteria."""

    programme: str
    """Code of the programme whose criteria they are."""
    marks: dict[str, int]
    """Code of a criterion → 1 to 5."""


class Stars(Opinion):
    """The pupil's stars; the words beside them are kept apart."""

    stars: int
    """1 to 5."""


class Attendance(Step):
    """A pupil's taking part in what was booked, as the venue confirmed."""

    booking: str
    """Id of the booking that was kept."""
    slot: str
    """Id of the slot."""
    competency: str
    """Code of the competency that was tried."""
    kind: SlotKind
    """The kind of the slot: a practical trial, or an activity of another kind."""
    source: AttendanceSource
    """The way in which the venue knows: by a scanned code, a list, or an import."""
    revoked: LocalTime | None = None
    """When it was taken back as a mistake; null while it counts."""
    reason: str | None = None
    """The reason why it was revoked, in the venue's words."""
    feedback: Marks | None = None
    """The mentor's marks; null while there are none."""
    review: Stars | None = None
    """The pupil's stars; null while there are none, and for everybody but the family."""


class Lesson(Step):
    """A pupil's taking part in a lesson of career guidance, as the school said."""

    lesson: str
    """Id of the lesson, the same for all who were in it; by it the school takes it back."""
    theme: str
    """Code or number of the theme."""
    school: str
    """Code of the school that held it."""
    school_class: str
    """The pupil's class by then."""
    revoked: LocalTime | None = None
    """When it was taken back as a mistake; null while it counts."""
    reason: str | None = None
    """The reason why it was revoked, in the school's words."""


class Recommendation(Step):
    """The individual recommendation in force."""

    competencies: tuple[str, ...]
    """Codes of the competencies that are recommended, the most fitting first."""
    revision: int = 1
    """1 for the first that was issued to the pupil in the season; each that takes another one's place counts on."""
    revised_at: LocalTime | None = None
    """When that changed which led to this revision; null for the first one."""


class Correction(BaseModel):
    """A correction of a part of a duplicate's path, told while the duplicate was joined to a survivor.

    What is said of an attendance is one, too: it stands beside the attendance, on whichever entry's path.
    """

    model_config = ConfigDict(frozen=True)

    kind: Correcting
    id: str
    """Of the part."""
    time: LocalTime
    why: RevocationReason = "mistake"
    """Of an attendance, a lesson or an attempt."""
    because: CancellationReason = "unsaid"
    """Of a booking."""
    replaced: bool = False
    """True of a recommendation in whose place another one is in force."""
    diagnostic: str = ""
    """Of an attempt, which stands in no path."""
    round: int = 1
    """Of an attempt."""
    marks: Marks | None = None
    """Of an attendance that is marked."""
    stars: Stars | None = None
    """Of an attendance that is given stars."""

    @property
    def key(self) -> str:
        """The part and the kind: of one part several things may be said, that a booking was missed and given up."""
        return f"{self.id}/{self.kind}"
