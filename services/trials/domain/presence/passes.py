"""Passes at the door: a presence that names its booking by what the pupil shows. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from services.trials.domain.path.steps import Presence
from shared.base.errors import BadInput
from shared.base.models import Input
from shared.contracts.codes import ExceptionReason
from shared.contracts.trials import AttendanceSource
from shared.programme.moments import Moment
from shared.programme.texts import Id

LONGEST = 512
"""Characters of a pass: it has some 280."""
Token = Annotated[str, Field(max_length=LONGEST, pattern=r"^[\w-]+\.[\w-]+\.[\w-]+$")]
NO_PASS, OF_ANOTHER_SLOT, OF_NO_BOOKING = (
    "is no pass of this platform",
    "is a pass for another slot",
    "is the pass of no booking",
)


@dataclass(frozen=True, slots=True)
class Pass:
    """The booking that a pass stands for."""

    booking: str
    slot: str


@dataclass(frozen=True, slots=True)
class OwnCode:
    """The pupil whom a code of its own stands for: it says who is there, and of no slot."""

    pupil: str


class PresenceEntry(Input):
    """A pupil's presence: whose, by id or by a pass, and the way in which the venue knows of it."""

    participant: Id | None = None
    """Id of the pupil; absent where a pass says whose booking it is."""
    token: Token | None = None
    """The pass or the own code that the pupil showed, as it was scanned; its source is `qr`."""
    source: AttendanceSource
    """The way in which the venue knows: by a scanned code, a list, or an import."""
    occurred_at: Moment | None = None
    exception: ExceptionReason | None = None
    """The reason why an operator lets it be recorded outside the season's dates, or behind the stage's last day."""

    @model_validator(mode="after")
    def _by_one_of_both(self) -> Self:
        if (self.participant is None) is (self.token is None):
            raise PydanticCustomError("participant_or_token", "names either a participant or a token")
        if self.token is not None and self.source != "qr":
            raise PydanticCustomError("token_without_scan", "a token is scanned: its source is qr")
        return self


class Scan(Input):
    """A code that was scanned at the door, at a time of its own, and is told later."""

    token: Token
    """The pass or the own code that the pupil showed."""
    slot: Id | None = None
    """Id of the slot to which the pupil came; a pass says it itself."""
    occurred_at: Moment
    """When it was scanned."""

    def slot_of(self, shown: Pass | OwnCode | None) -> str:
        """Returns the slot of which a scan is; raises BadInput for no code, for none of a slot, and for another's."""
        if shown is None:
            raise BadInput.field("token", NO_PASS)
        if isinstance(shown, Pass):
            if self.slot not in (None, shown.slot):
                raise BadInput.field("token", OF_ANOTHER_SLOT)
            return shown.slot
        if self.slot is None:
            raise BadInput.field("slot", "is missing: a pupil's own code names none")
        return self.slot

    def presence(self, participant: str | None, shown: Pass | OwnCode | None) -> Presence:
        """Returns the presence of a scan, whose participant is known to hold the booking of a pass."""
        is_own = isinstance(shown, OwnCode)
        whose = shown.pupil if isinstance(shown, OwnCode) else participant
        if whose is None:
            raise BadInput.field("token", OF_NO_BOOKING)
        return Presence(participant=whose, source="qr", occurred_at=self.occurred_at, own_code=is_own, late=True)


@dataclass(frozen=True, slots=True)
class Scans:
    """The passes that were scanned for one slot, as far as they are any, and whose bookings they are."""

    slot: str
    read: Mapping[str, Pass | OwnCode | None]
    """By token."""
    holders: Mapping[str, str]
    """Participant by booking."""

    def presence(self, entry: PresenceEntry) -> Presence:
        """Returns the presence of an entry.

        Raises BadInput for a token that is no pass, or that of another slot or of no booking.
        """
        shown = None if entry.token is None else self.read.get(entry.token)
        is_own = isinstance(shown, OwnCode)
        whose = shown.pupil if isinstance(shown, OwnCode) else entry.participant or self._holder(shown)
        said = entry.model_dump(include={"source", "occurred_at", "exception"})
        return Presence(participant=whose, own_code=is_own, **said)

    def _holder(self, shown: Pass | None) -> str:
        if shown is None:
            raise BadInput.field("token", NO_PASS)
        if shown.slot != self.slot:
            raise BadInput.field("token", OF_ANOTHER_SLOT)
        holder = self.holders.get(shown.booking)
        if holder is None:
            raise BadInput.field("token", OF_NO_BOOKING)
        return holder
