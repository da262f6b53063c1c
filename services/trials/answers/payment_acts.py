"""Acts for payment and rates as they are shown: ids and sums, and nobody's name."""

from datetime import date
from typing import Literal

from services.trials.domain.money.payment_acts import ActState
from services.trials.domain.money.payment_drafts import Sum
from shared.base.models import Answer
from shared.contracts.trials import SlotKind
from shared.http.paging import Page
from shared.programme.moments import LocalTime


class RateView(Answer):
    """A rate: the money that an attendance is worth, from a day on."""

    rate: str
    """Id of the rate, made of all that says for which slots it holds."""
    season: str
    """Code of the season."""
    region: str | None
    """Code of the region of the venues; null where it holds everywhere."""
    venue: str | None
    """Code of the one venue for which it holds; null where it holds for several."""
    competency: str | None
    """Code of the competency for whose slots it holds; null where it holds for any."""
    programme: str | None
    """Code of the trial programme for whose slots it holds; null where it holds for any."""
    kind: SlotKind | None
    """The kind of slots for which it holds; null where it holds for any."""
    since: date
    """The first day of slots for which it holds."""
    kopecks: int
    """The sum for one attendance, with all taxes."""


class RatePage(Page[RateView]):
    """Rates by their ids."""


class UnpricedView(Answer):
    """Attendances for which no rate holds."""

    competency: str
    """Code of the competency."""
    attendances: int
    """The number of them."""


class ActDraftView(Answer):
    """An act as it would be signed now; it changes with what is recorded, until it is signed."""

    venue: str
    """Code of the venue."""
    season: str
    """Code of the season."""
    begins: date
    """First day of the period, by the venue's calendar."""
    ends: date
    """Last day, included."""
    state: Literal["draft"] = "draft"
    """Nothing is signed yet."""
    pupils: int
    """Pupils whose attendance it pays."""
    lines: int
    """The number of lines: attendances that it pays, and those of earlier acts that it takes back."""
    kopecks: int
    """The sum of all lines; below zero where more is taken back than paid."""
    sums: tuple[Sum, ...]
    """The lines by rate."""
    unpriced: tuple[UnpricedView, ...]
    """Attendances for which no rate holds; it cannot be signed before one does."""


class ActView(Answer):
    """An act for payment that was signed."""

    act: str
    """Id of the act."""
    ref: str | None
    """The operator's own name of it; null where a restored database has lost it."""
    number: int
    """Its number among the acts of the venue and season, from 1."""
    venue: str
    """Code of the venue."""
    organisation: str
    """Code of the venue's owner, who is paid."""
    region: str
    """Code of the venue's region."""
    season: str
    """Code of the season."""
    begins: date
    """First day of the period."""
    ends: date
    """Last day, included."""
    state: ActState
    """`signed`, or `paid`."""
    pupils: int
    """Pupils whose attendance it pays."""
    lines: int
    """The number of lines."""
    kopecks: int
    """The sum of all lines; below zero where more is taken back than paid."""
    sums: tuple[Sum, ...]
    """The lines by rate."""
    signed_at: LocalTime
    """When it was signed, on the venue's clock."""
    paid_at: LocalTime | None
    """When it was paid; null before."""


class NamedAct(ActView):
    """An act with the names of whose it is; null where a definition has not arrived."""

    venue_name: str | None
    """Name of the venue, in Russian."""
    organisation_name: str | None
    """Name of the venue's owner, in Russian."""


class ActPage(Page[NamedAct]):
    """Acts, the newest first."""


class LineView(Answer):
    """A line of an act."""

    attendance: str
    """Id of the attendance."""
    slot: str
    """Id of the slot that was attended."""
    rate: str
    """Id of the rate by which it was reckoned."""
    kopecks: int
    """Its sum; below zero where it takes back what an earlier act has."""
    turn: int
    """From 1; an attendance that was taken back and stands again is paid in the next turn."""


class LinePage(Page[LineView]):
    """Lines by attendance."""
