"""The changes of a clock by law, as an operator enters them for a region or a municipality."""

from collections.abc import Iterator, Sequence
from datetime import UTC
from itertools import pairwise
from typing import Annotated

from pydantic import Field

from shared.base.errors import BadInput, FieldError
from shared.base.models import Count, Input
from shared.contracts.organisations import ClockChange
from shared.programme.moments import Moment

MOST_CHANGES = 30
"""Of one clock: Russia's have had a handful in a century."""
Offset = Annotated[str, Field(pattern=r"^[+-](0[0-9]|1[0-4]):[0-5][0-9]$")]
"""`+03:00`"""


class ClockEntry(Input):
    """A change of a clock."""

    since: Moment
    """The instant from which on clocks show the other offset, RFC 3339 with an offset, to the second; it may be to
    come."""
    utc_offset: Offset
    """The offset that they show from then on, as `+04:00`."""


ClockEntries = Annotated[tuple[ClockEntry, ...], Count(0, MOST_CHANGES)]


def changes_of(entries: Sequence[ClockEntry]) -> tuple[ClockChange, ...]:
    """Returns the changes as events tell them; raises BadInput where one is not after the one before it."""
    faults = list(_faults(entries))
    if faults:
        raise BadInput.of(faults)
    told = ((entry.since.astimezone(UTC).replace(microsecond=0), entry.utc_offset) for entry in entries)
    return tuple(ClockChange(since=since, utc_offset=offset) for since, offset in told)


def _faults(entries: Sequence[ClockEntry]) -> Iterator[FieldError]:
    for number, (before, entry) in enumerate(pairwise(entries), 1):
        if entry.since <= before.since:
            yield FieldError(f"clocks/{number}/since", "must be later than that of the change before")
