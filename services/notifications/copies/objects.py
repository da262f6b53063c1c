"""The objects of the catalogue, and the texts that stand for them. Pure."""

from collections.abc import Mapping
from typing import Literal

from shared.contracts import timetables, trials, venues
from shared.contracts.event import Event

Kind = Literal["season", "competency", "venue", "slot"]
Named = tuple[Kind, str]
"""An object of the catalogue: its kind and its code."""
Names = Mapping[Named, str]
"""The text that stands for an object: its name, or when a slot starts (RFC 3339, local)."""


def entry(event: Event) -> tuple[Named, Mapping[str, str]] | None:
    """Returns the object that an event defines, and what is kept of it; None for any other event.

    `text` stands for it. A slot keeps its venue, and a venue the organisation that owns it: where this lies, the slot's
    start is told on the clock.
    """
    match event:
        case trials.SeasonDefined():
            return ("season", event.season), {"text": event.name}
        case venues.CompetencyApproved():
            return ("competency", event.code), {"text": event.name}
        case venues.VenueRegistered():
            return ("venue", event.venue), {"text": event.name, "organisation": event.organisation}
        case trials.SlotOpened() | timetables.SlotMoved():
            return ("slot", event.slot), {"text": event.starts_at.isoformat(), "venue": event.venue}
    return None
