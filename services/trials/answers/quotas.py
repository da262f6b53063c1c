"""The ledger of quotas as it is shown: what each holder has, and the entries that led there."""

from typing import Literal

from shared.base.models import Answer
from shared.contracts.quotas import QuotaUnit
from shared.http.paging import Page
from shared.programme.moments import LocalTime


class HolderView(Answer):
    """A holder of units: the nation, a region, a municipality, or a school for a venue."""

    organisation: str
    """Code of the holder, `RU` for the nation."""
    venue: str | None
    """Code of the venue at which a school may book; null for other holders."""
    unit: QuotaUnit
    """A unit: an attendance, reserved by each booking; or a pupil, of whom the first booking reserves one for all."""
    value: int
    """Units that the holder has: what it gave on is no longer among them. It is free + reserved + completed."""
    free: int
    """Units that can be given on or booked; below zero where more stand than were given: in a season whose quotas do
    not bind, and where an attendance was confirmed or two entries parted after others had taken what was free."""
    reserved: int
    """Units of bookings that stand, and are not attended yet."""
    completed: int
    """Units of what was attended, or of pupils who have attended the season's number of trials."""


class NamedHolder(HolderView):
    """A holder with names; null where a definition has not arrived."""

    organisation_name: str | None
    """Name of the holder, in Russian."""
    venue_name: str | None
    """Name of the venue, in Russian; null where the holder is no school."""


class HolderPage(Page[NamedHolder]):
    """Holders by their codes; a school stands once for each of its venues."""


class TotalAnswer(HolderView):
    """The nation's units after their number was set."""

    issued: int
    """The units of all holders together."""


class EntryView(Answer):
    """An entry of the ledger; it never changes."""

    entry: str
    """The entry's id."""
    giver: str | None
    """Code of the holder above, `RU` for the nation; null where the national operator set a new number of units."""
    organisation: str
    """Code of the holder below, or of the nation whose units were set."""
    venue: str | None
    """Code of the venue, where the holder below is a school; null elsewhere."""
    unit: QuotaUnit
    """A unit: an attendance, or a pupil."""
    amount: int
    """Units that came to the holder below; below zero, that went back."""
    ref: str | None
    """The giver's own name of the entry; null where it has none, and where it was lost with a database."""
    time: LocalTime
    """When it happened, on the holder's clock."""


class EntryPage(Page[EntryView]):
    """Entries, the newest first."""


class TransferAnswer(EntryView):
    """An entry that was asked for."""

    status: Literal["moved", "known"]
    """`moved` now, or `known` from an earlier request with the same ref."""
