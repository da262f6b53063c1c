"""Terms of a season that may change while it runs, each version from a day on."""

from datetime import date

from pydantic import Field

from shared.contracts.event import Public
from shared.contracts.trials import SeasonEvent


class SeasonRevised(SeasonEvent):
    """A season has other terms from a day on; what was done before stays as it was judged."""

    type = "season.revised.v1"

    since: Public[date]
    """The day from which on they are in force; of two versions of one day the later one is."""
    bookings_at_once: Public[int | None] = None
    """Seats that a pupil may have ahead at a time; null for as many as are wanted."""
    days_ahead: Public[int | None] = None
    """Days within which slots are shown to families and may be booked; null for all."""
    notice: Public[dict[str, int]] = Field(default_factory=dict)
    """Of `family`, `school` and `venue`: hours before the start until which a seat or a slot may be given up."""
    deadlines: Public[dict[str, date]] = Field(default_factory=dict)
    """The last days of `registration`, `diagnostics`, `bookings` and `attendance`."""
    texts: Public[dict[str, dict[str, str]]] = Field(default_factory=dict)
    """Texts for families: occasion → language → words."""


__all__ = ["SeasonRevised"]
