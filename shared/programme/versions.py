"""Versions of the terms of a season: each holds from its day until the next, for what is done once it was there."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol, TypeVar


class Version(Protocol):
    """Something that was set at a time and holds from a day on."""

    @property
    def since(self) -> date:
        """The day from which on it is in force."""

    @property
    def set_at(self) -> datetime:
        """The time at which it was set."""


V = TypeVar("V", bound=Version)


def in_force(versions: Sequence[V], time: datetime) -> V | None:
    """Returns the version of a time: the latest that was set and had begun, of those of one day the one set last."""
    begun = [version for version in versions if version.since <= time.date() and version.set_at <= time]
    return max(reversed(begun), key=lambda version: version.since, default=None)
