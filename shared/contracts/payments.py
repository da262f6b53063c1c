"""Events of acts for payment: the attendances of a venue that were signed for, and that they were paid."""

from datetime import date

from typing_extensions import override

from shared.contracts.codes import RegionOfEvent
from shared.contracts.event import Event, Pseudonymous, Public


class PaymentActEvent(Event):
    """A fact of an act for payment."""

    topic = "trials.catalogue.v1"

    act: Public[str]
    venue: Public[str]
    season: Public[str]
    region: Public[RegionOfEvent]
    """The region of the venue."""
    number: Public[int]
    """The act's number among those of the venue and season, from 1 without a gap."""

    @property
    @override
    def key(self) -> str:
        return self.act

    @property
    @override
    def subject(self) -> str:
        return f"payment-act/{self.act}"


class ActSigned(PaymentActEvent):
    """A part of an act that was signed: lines that never change. All parts of an act are told at once.

    The lists are as long as the part has lines, and in their order.
    """

    type = "act.signed.v1"

    organisation: Public[str]
    """The venue's owner, who is paid."""
    begins: Public[date]
    """First day of the period."""
    ends: Public[date]
    """Last day, included."""
    pupils: Public[int]
    """Pupils in the whole act whose attendance it pays."""
    part: Public[int]
    """From 1."""
    parts: Public[int]
    attendances: Pseudonymous[tuple[str, ...]]
    slots: Public[tuple[str, ...]]
    """The slot of each attendance."""
    rates: Public[tuple[str, ...]]
    """The rate by which each was reckoned."""
    kopecks: Public[tuple[int, ...]]
    """The sum of each; below zero where it takes back what an earlier act has."""
    turns: Public[tuple[int, ...]] = ()
    """The turn of each, from 1: what was taken back and stands again is paid in the next. Empty where all are first."""


class ActPaid(PaymentActEvent):
    """An act was paid."""

    type = "act.paid.v1"

    kopecks: Public[int]
    """The act's sum."""


__all__ = ["ActPaid", "ActSigned", "PaymentActEvent"]
