"""The objects of the catalogue, and the texts that stand for them. Pure."""

from collections.abc import Mapping
from typing import Literal

from shared.contracts import trials
from shared.contracts.event import Event

Kind = Literal["season", "competency", "venue", "slot"]
Named = tuple[Kind, str]
"""An object of the catalogue: its kind and its code."""
Names = Mapping[Named, str]
"""The text that stands for an object: its name, or when a slot starts (RFC 3339, local)."""


def entry(event: Event) -> tuple[Named, str] | None:
    """Returns the object that an event defines, and the text that stands for it; None for any other event."""
    match event:
        case trials.SeasonDefined():
            return ("season", event.season), event.name
        case trials.CompetencyApproved():
            return ("competency", event.code), event.name
        case trials.VenueRegistered():
            return ("venue", event.venue), event.name
        case trials.SlotOpened():
            return ("slot", event.slot), event.starts_at.isoformat()
    return None
