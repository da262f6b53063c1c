"""The booking that holds a pupil's unit of a quota, where one unit is for all that the pupil books. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic

from shared.programme.stages import T


@dataclass(frozen=True, slots=True)
class Booked(Generic[T]):
    """A booking, and whether it stands."""

    id: str
    time: T
    stands: bool
    ended: T | None
    """Since when it stands no longer; None while it does, and where nothing says so."""


def holder(bookings: Iterable[Booked[T]]) -> Booked[T] | None:
    """Returns the booking with which the pupil began to hold a unit, and has held it ever since; None without a unit.

    That may be one which was given up while others stood: else a quota could be passed by, with a booking elsewhere
    that is given up at once.
    """
    by_time = sorted(bookings, key=lambda booking: (booking.time, booking.id))
    begins = next((n for n, booking in enumerate(by_time) if booking.stands), None)
    if begins is None:
        return None
    first = by_time[begins]
    for before in reversed(by_time[:begins]):
        first = before if before.ended is not None and first.time < before.ended else first
    return first
