"""A table for other programs: one fact a row, typed columns, and what it is about. Pure."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

Kind = Literal["text", "whole", "share", "day"]
Cell = str | int | float | date | None
"""By kind: `share` is a float from 0 to 1; anything may be unknown."""
Batch = Sequence[Sequence[Cell]]
"""Rows that are written together, each with a cell for every column."""
BATCH = 20_000


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    name: str
    """In the words of the API: small letters and underscores."""
    kind: Kind
    meaning: str
    """A sentence for whoever opens the file."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows that come batch by batch."""

    name: str
    """Of the file, without its ending."""
    about: Mapping[str, str]
    """The scope, the method and the place in the log that the rows stand for."""
    columns: Sequence[Column]
    batches: AsyncIterator[Batch]


CONTEXT = (
    Column("season", "text", "Code of the season."),
    Column("region", "text", "Code of the region."),
    Column("as_of", "day", "Last local day that the figures include."),
    Column("method", "text", "Name and version of the way it is counted."),
)
"""The columns that every row of every table begins with: rows of several files can be laid together."""
