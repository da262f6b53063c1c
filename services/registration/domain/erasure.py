"""Erasure of a pupil: what is left leads to nobody, and an act says what was destroyed, where and when. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict

from services.registration.domain.participants import NO_KEY, Consent, Participant, Place
from shared.contracts.registration import ConsentChannel, ParticipantErased
from shared.storage.decision import Decision, Happened

Service = Literal["registration", "trials", "notifications"]
SERVICES: tuple[Service, ...] = get_args(Service)
"""Those that have something of a person which is destroyed."""
ANSWERED_WITHIN = timedelta(hours=1)
"""A service that runs answers within seconds."""
State = Literal["open", "closed"]


class Proof(BaseModel):
    """The proof that a consent was given; it names nobody."""

    model_config = ConfigDict(frozen=True)

    version: str
    channel: ConsentChannel
    given_at: datetime
    withdrawn_at: datetime | None = None

    @classmethod
    def of(cls, consent: Consent) -> "Proof":
        """The proof of a consent."""
        return cls(**consent.model_dump(exclude={"guardian"}))


class Cleared(BaseModel):
    """A service's answer: the rows that it has destroyed or emptied, by collection, and when it was asked to."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    rows: Mapping[str, int]


class Act(BaseModel):
    """An act of destruction: closed once every service has answered."""

    model_config = ConfigDict(frozen=True)

    id: str
    """Its number."""
    participant: str
    place: Place
    """Where the pupil was."""
    erased_at: datetime
    keys_apart: bool = False
    """True where the vault's backups hold no keys."""
    key_backup_days: int = 30
    consents: tuple[Proof, ...] = ()
    cleared: Mapping[Service, Cleared] = {}

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """The act of a stored row."""
        return cls.model_validate({**row, "id": row["_id"]})

    @property
    def closed_at(self) -> datetime | None:
        """The time of the last answer; None while one is missing."""
        times = [self.cleared[service].at for service in SERVICES if service in self.cleared]
        return max(times) if len(times) == len(SERVICES) else None

    def is_overdue(self, now: datetime) -> bool:
        """Tells whether a service has left the act open for longer than it may."""
        return self.closed_at is None and now - self.erased_at > ANSWERED_WITHIN

    def answered(self, service: Service, cleared: Cleared) -> "Act":
        """The act with a service's answer; the first one holds, however often it comes."""
        return self.model_copy(update={"cleared": {service: cleared, **self.cleared}})


def erase(pupil: Participant, act: str, time: datetime) -> Decision[Participant]:
    """Takes everything from a pupil that leads to a person; places and seasons stay, as the facts have them."""
    bare = Participant(
        id=pupil.id,
        sequence=pupil.sequence,
        place=pupil.place,
        placements=pupil.placements,
        external_ref=f"{NO_KEY}{act}",
        seasons=pupil.seasons,
        erased_at=time,
    )
    event = ParticipantErased(**pupil.place.event_fields(pupil.id), act=act)
    return Decision(bare, (Happened(event, time),))
