"""Revisions of a season that is closed: its corrections are published together, under a number."""

from shared.contracts.event import Public
from shared.contracts.trials import SeasonEvent


class SeasonCorrected(SeasonEvent):
    """A revision of a closed season was published: what was corrected until then counts from now on.

    Corrections are what takes back a step or a recommendation, a recommendation that follows from that, a merging or
    parting of entries, and a pupil's way into the archive or back. Those with a `recordedtime` no later than that of
    this event are of this revision or an earlier one; the others change no figure of the season until the next.
    """

    type = "season.corrected.v1"

    revision: Public[int]
    """From 1, without a gap; 0 is the closing itself."""


__all__ = ["SeasonCorrected"]
