"""Transfers as the two schools see them."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from services.registration.domain.transfers import OVERDUE, State, Transfer
from shared.base.models import Answer
from shared.http.paging import Page
from shared.programme.moments import zone


class TransferView(Answer):
    """A transfer; the school that asks is told whom it gets when the other has confirmed."""

    transfer: str
    """Id of the transfer."""
    state: State
    """`asked` until the school where the pupil is, or an operator of it, has answered; `overtaken` where the pupil went
    to another school meanwhile."""
    school: str
    """Code of the school that asks."""
    school_class: Annotated[str, Field(serialization_alias="class")]
    """The class to which the pupil is to go."""
    since: datetime | None
    """The time from which the pupil is asked for; null for that of the answer, which counts as well where the pupil
    came to the class of now after it."""
    asked_at: datetime
    """The time when it was asked for, on the region's clock."""
    answered_at: datetime | None
    """The time of the answer; null while there is none."""
    overdue: bool
    """True where nobody has answered for 14 days: the municipality answers in the school's place."""
    participant: str | None
    """Id of the pupil, for staff of the school where the pupil is; null for the school that asks."""
    name: str | None
    """Name of the pupil, for the same; null for the school that asks, and once it was erased."""

    @classmethod
    def of(cls, transfer: Transfer, now: datetime, shown: bool, name: str | None) -> "TransferView":
        """One transfer; `shown` tells that the reader has the pupil in scope."""
        local = zone(transfer.joined.utc_offset)
        return cls(
            transfer=transfer.id,
            state=transfer.state,
            school=transfer.joined.school,
            school_class=transfer.joined.school_class,
            since=transfer.since and transfer.since.astimezone(local),
            asked_at=transfer.asked_at.astimezone(local),
            answered_at=transfer.answered_at and transfer.answered_at.astimezone(local),
            overdue=transfer.state == "asked" and now - transfer.asked_at > OVERDUE,
            participant=transfer.participant if shown else None,
            name=name if shown else None,
        )


class TransferPage(Page[TransferView]):
    """A page of transfers, in order of their ids."""
