"""Events of a timetable after a slot was opened: it is moved, has other seats, or is called off; bookings follow."""

from shared.contracts.cancellations import ClosingReason
from shared.contracts.event import Pseudonymous, Public, Timestamp
from shared.contracts.trials import PathEvent, SlotEvent, SlotKind


class SlotMoved(SlotEvent):
    """A slot is held at another time; its bookings follow, each by an event of its own."""

    type = "slot.moved.v1"

    starts_at: Public[Timestamp]
    minutes: Public[int]
    from_starts_at: Public[Timestamp]
    """The start until now."""
    from_minutes: Public[int]
    """The length until now."""


class SlotResized(SlotEvent):
    """A slot has more or fewer seats, never fewer than are taken."""

    type = "slot.resized.v1"

    capacity: Public[int]
    """Seats in all."""


class SlotClosed(SlotEvent):
    """A slot is not held; its bookings are given up, each by an event of its own."""

    type = "slot.closed.v1"

    reason: Public[ClosingReason]


class TrialMoved(PathEvent):
    """The slot of a booking is held at another time, and the pupil keeps the seat."""

    type = "trial.moved.v1"

    booking: Pseudonymous[str]
    """The booking whose time this changes."""
    slot: Public[str]
    venue: Public[str]
    competency: Public[str]
    kind: Public[SlotKind]
    starts_at: Public[Timestamp]
    minutes: Public[int]
    from_starts_at: Public[Timestamp]
    """The start of which the pupil knew until now."""
    from_minutes: Public[int]
    """The length of which the pupil knew until now."""


__all__ = ["SlotClosed", "SlotMoved", "SlotResized", "TrialMoved"]
