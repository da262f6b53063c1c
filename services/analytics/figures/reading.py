"""The source of every figure: a region's season in one snapshot, as far as a scope reaches."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple, Protocol, TypeVar

from services.analytics.enrolments import Link
from services.analytics.facts import Day
from services.analytics.figures.cells import Count, Table
from services.analytics.figures.rows import Row
from shared.base.side_thread import aside

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asked:
    """The season of a region that figures are asked for, and what had happened by the end of a local day."""

    region: str
    season: str
    as_of: Day | None
    """None for everything until now."""
    now: datetime


class Given(NamedTuple):
    """Units of a quota that went from a holder to one below it; below zero, that came back."""

    giver: str
    organisation: str
    venue: str
    """No text where the holder below is no school."""
    amount: int


@dataclass(frozen=True, slots=True)
class Counts:
    """The cells of some documents; a large region has tens of thousands of these."""

    cells: Iterator[Count]
    documents: int

    async def summed(self, work: Callable[[Iterator[Count]], T]) -> T:
        """Returns the result of counting them, done beside the event loop where they are many."""
        return await aside(partial(work, self.cells), self.documents)


class OfPlace(NamedTuple):
    """All cells of a table in one place."""

    municipality: str
    place: str
    counts: Iterable[tuple[Sequence[str], int]]
    """The path of each, which ends in the day, and its count."""


class Reading(Protocol):
    """A region's season in one snapshot, as far as a scope reaches."""

    asked: Asked
    name: str
    """The region's."""
    day: Day
    """The last local day that the figures include."""
    known_at: str
    """The instant of the question on the region's clock, RFC 3339."""
    municipalities: Mapping[str, str]
    """The only ones that the scope reaches, code → name; empty for the whole region."""

    async def cells(self, tables: AbstractSet[Table], *, by_day: bool = False, depth: int | None = None) -> Counts:
        """Returns every cell of some tables until the day asked for.

        Where no days are told apart, their sums are read, which are a tenth as many; and of these, with a depth, the
        sums over all that is deeper in their paths.
        """

    def places(self, table: Table) -> AsyncIterator[OfPlace]:
        """Yields every cell of a table until the day asked for, place by place in order; of all one is in memory."""

    def links(self) -> AsyncIterator[set[Link]]:
        """Yields the links, inside the scope's municipalities, of each guardian who has one there."""

    async def organisations(self, codes: Iterable[str]) -> Mapping[str, Row]:
        """Returns the organisations that are known among the codes, by code."""

    async def towns(self) -> Mapping[str, str]:
        """Returns the region's municipalities in the register, code → name."""

    async def competencies(self) -> Mapping[str, str]:
        """Returns the nation's approved competencies, code → name."""

    async def revision(self) -> int | None:
        """Returns the revision that a closed season stands at, 0 for the closing; None while it is open."""

    async def given(self) -> Sequence[Given]:
        """Returns the entries of the ledger of quotas, until the day asked for, with a holder in the scope."""

    async def rules(self) -> Mapping[str, Any]:
        """Returns the season's definition, as its event has it; one of an earlier release says less."""

    async def position(self) -> Mapping[str, int]:
        """Returns the log as far as it was counted: `topic:partition` → offset of the next event."""


async def stands_for(region: Reading) -> Row:
    """Returns what every figure's answer says of the question, and of the place in the log for which it stands."""
    return {
        "season": region.asked.season,
        "region": region.asked.region,
        "as_of": region.day,
        "revision": await region.revision(),
        "position": await region.position(),
    }
