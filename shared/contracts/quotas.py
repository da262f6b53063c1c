"""Events of quotas: the nation sets how many units a season has, and each level gives some of its own to the next.

Reservations have no events of their own: bookings, attendances and what takes them back tell them (ADR 38).
"""

from typing import Literal

from typing_extensions import override

from shared.contracts.codes import RegionOfEvent
from shared.contracts.event import Event, Public

QuotaUnit = Literal["attendance", "pupil"]
"""A unit is one attendance, reserved by each booking; or one pupil's season, reserved by the first booking."""


class QuotaEvent(Event):
    """An entry of a season's ledger; amounts of all entries add up in any order."""

    topic = "trials.catalogue.v1"

    season: Public[str]
    entry: Public[str]
    """Unique in all seasons."""
    unit: Public[QuotaUnit]

    @property
    @override
    def key(self) -> str:
        return self.season

    @property
    @override
    def subject(self) -> str:
        return f"quota/{self.entry}"


class QuotaSet(QuotaEvent):
    """The national operator set the number of a season's units; the nation has those that were added, to give on."""

    type = "quota.set.v1"

    value: Public[int]
    """The units of all holders together, from now on."""
    added: Public[int]
    """The difference to the number until now; below zero where there are fewer."""


class QuotaMoved(QuotaEvent):
    """Units went from a holder to one below it, or came back: what is given is no longer the giver's."""

    type = "quota.moved.v1"

    region: Public[RegionOfEvent]
    giver: Public[str]
    """Code of the holder above: `RU`, a region, or a municipality."""
    organisation: Public[str]
    """Code of the holder below: a region, a municipality, or a school with a venue."""
    venue: Public[str | None] = None
    """Code of the venue at which a school may book; None where the holder below is no school."""
    amount: Public[int]
    """Units that were given; below zero, that were taken back."""


__all__ = ["QuotaEvent", "QuotaMoved", "QuotaSet", "QuotaUnit"]
