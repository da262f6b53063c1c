"""The outcomes of changes of a timetable."""

from typing import Literal

from services.trials.answers.catalogue import SlotView
from shared.base.models import Answer


class ChangedSlot(SlotView):
    """A slot after a change, with its bookings that have followed it."""

    status: Literal["changed", "known"]
    """`changed` now, or `known` where it was so already."""
    moved: int
    """Bookings that this request brought to the slot's time."""
    cancelled: int
    """Bookings that this request gave up, each with its reason."""
    done: bool
    """False where bookings are left: they follow by themselves, or with the same request again."""


class DaysAnswer(Answer):
    """Slots that were called off together."""

    slots: int
    """Slots that this request called off."""
    known: int
    """Slots of these days that had been called off before, and whose bookings were still to follow."""
    left: int
    """Slots of these days that had begun by then, that somebody has attended, or that an operator alone may call off
    so late: they stay."""
    bookings: int
    """Bookings that this request gave up."""
    done: bool
    """False where some are left: the same request again goes on; bookings follow by themselves, too."""
