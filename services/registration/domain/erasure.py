"""Erasure of a person: what is left leads to nobody, and an act says what was destroyed, where and when. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict

from services.registration.domain.participants import NO_KEY, Consent, Participant
from services.registration.domain.placements import Place
from shared.contracts.guardians import GuardianErased
from shared.contracts.registration import ConsentChannel, ParticipantErased
from shared.storage.decision import Decision, Happened

Service = Literal["registration", "trials", "notifications"]
SERVICES: tuple[Service, ...] = get_args(Service)
"""Those that have something of a person which is destroyed."""
ANSWERED_WITHIN = timedelta(hours=1)
"""A service that runs answers within seconds."""
State = Literal["open", "closed"]
Requester = Literal["staff", "guardian", "retention"]
"""Who asks for an erasure: staff, the guardian herself, or the job that erases whose time is over."""


class Proof(BaseModel):
    """The proof that a consent was given; it names nobody."""

    model_config = ConfigDict(frozen=True)

    version: str
    channel: ConsentChannel
    given_at: datetime
    withdrawn_at: datetime | None = None
    template: str | None = None
    register_number: str | None = None
    until: datetime | None = None

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
    """An act of destruction, of a pupil or of a guardian: closed once every service that is asked has answered."""

    model_config = ConfigDict(frozen=True)

    id: str
    """Its number."""
    participant: str = ""
    """The pupil; empty for a guardian's."""
    guardian: str = ""
    """The guardian; empty for a pupil's."""
    place: Place
    """Where the pupil was; of a guardian what the places of all children have in common, and else empty."""
    erased_at: datetime
    requested_by: Requester = "staff"
    keys_apart: bool = False
    """True where the vault's backups hold no keys."""
    key_backup_days: int = 30
    consents: tuple[Proof, ...] = ()
    children: tuple[str, ...] = ()
    """The entries under whose keys the erasure of a guardian was told: each service answers for every one."""
    answered_for: Mapping[Service, tuple[str, ...]] = {}
    """Those for which a service has answered."""
    cleared: Mapping[Service, Cleared] = {}

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """The act of a stored row."""
        return cls.model_validate({**row, "id": row["_id"]})

    @property
    def waiting(self) -> list[Service]:
        """The services that have not answered, or not for every child; of a guardian without one nobody else has."""
        asked = SERVICES if self.participant or self.children else SERVICES[:1]
        return [service for service in asked if service not in self.cleared or self._left(service)]

    def _left(self, service: Service) -> set[str]:
        return set() if service == "registration" else {*self.children} - {*self.answered_for.get(service, ())}

    @property
    def closed_at(self) -> datetime | None:
        """The time of the last answer; None while one is missing."""
        return None if self.waiting else max(cleared.at for cleared in self.cleared.values())

    def is_overdue(self, now: datetime) -> bool:
        """Tells whether a service has left the act open for longer than it may."""
        return self.closed_at is None and now - self.erased_at > ANSWERED_WITHIN

    def answered(self, service: Service, cleared: Cleared) -> "Act":
        """The act with a service's answer; the first one holds, however often it comes."""
        return self.model_copy(update={"cleared": {service: cleared, **self.cleared}})

    def answered_of(self, child: str, service: Service, cleared: Cleared) -> "Act":
        """The act of a guardian with a service's answer for one child; rows add up, and each child counts once."""
        if child not in self._left(service):
            return self
        so_far = self.cleared.get(service, cleared.model_copy(update={"rows": {}}))
        rows = Counter(so_far.rows)
        rows.update(cleared.rows)
        whole = Cleared(at=max(so_far.at, cleared.at), rows=dict(rows))
        children = {**self.answered_for, service: (*self.answered_for.get(service, ()), child)}
        return self.model_copy(update={"answered_for": children, "cleared": {**self.cleared, service: whole}})


def erase(pupil: Participant, act: str, time: datetime, guardians: Iterable[str] = ()) -> Decision[Participant]:
    """Takes everything from a pupil that leads to a person; places and seasons stay, as the facts have them.

    `guardians` are those who are erased with the pupil, since they have no other child.
    """
    bare = Participant(
        id=pupil.id,
        sequence=pupil.sequence,
        place=pupil.place,
        placements=pupil.placements,
        external_ref=f"{NO_KEY}{act}",
        seasons=pupil.seasons,
        erased_at=time,
    )
    fields = {**pupil.place.event_fields(pupil.id), "act": act}
    gone = [GuardianErased(**fields, guardian=id, account=pupil.linked.get(id)) for id in guardians]
    told = (*gone, ParticipantErased(**fields, account=pupil.account))
    return Decision(bare, tuple(Happened(event, time) for event in told))
