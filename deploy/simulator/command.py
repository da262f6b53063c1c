"""One HTTP command, and the entries of a batch by name."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, Self


class PlayError(Exception):
    """The play cannot go on: which step, and what the platform answered."""


def only_cause(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first PlayError of tasks that ended together; the group itself where one of them failed otherwise."""
    refusals, rest = group.split(PlayError)
    if refusals is None or rest is not None:
        return group
    first: BaseException = refusals
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return first


@dataclass(frozen=True, slots=True)
class Batch:
    """The field of a batch command's entries (empty: the body is the list), and the field that names an entry."""

    entries: str
    key: str

    def name(self, entry: Any) -> str:
        """By what an answer's item names this entry."""
        return str(entry if isinstance(entry, str) else entry[self.key])


@dataclass(frozen=True, slots=True)
class Command:
    """One HTTP request. `route` is the path with its ids left open, for counting."""

    method: str
    route: str
    path: str
    body: Any = None
    batch: Batch | None = None

    def names(self) -> set[str]:
        """The names of a batch's entries; empty for a command that is no batch."""
        return {self.batch.name(entry) for entry in self._entries(self.batch)} if self.batch else set()

    def only(self, names: Collection[str]) -> Self:
        """The same command with only the entries of these names."""
        if self.batch is None:
            return self
        kept = [entry for entry in self._entries(self.batch) if self.batch.name(entry) in names]
        return replace(self, body={**self.body, self.batch.entries: kept} if self.batch.entries else kept)

    def _entries(self, batch: Batch) -> list[Any]:
        entries: list[Any] = self.body[batch.entries] if batch.entries else self.body
        return entries
