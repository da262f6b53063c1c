"""One HTTP command: who sends it, its entries by name if it is a batch, and how it may fail."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

Token = Callable[[str, Sequence[Mapping[str, str]]], str]
"""A token for a subject with these grants."""


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
class Actor:
    """The holder of the token that a call carries; `org` is empty for a guardian."""

    role: str
    org: str
    subject: str

    @property
    def grants(self) -> list[dict[str, str]]:
        """The grants of the token."""
        return [{"role": self.role, "org": self.org}] if self.org else [{"role": self.role}]


NATIONAL_OPERATOR = Actor("national-operator", "RU", "national-operator:RU")


def staff(role: str, org: str) -> Actor:
    """Somebody who acts for an organisation."""
    return Actor(role, org, f"{role}:{org}")


def guardian(ref: str) -> Actor:
    """A guardian by the school's number of the person."""
    return Actor("guardian", "", f"guardian:{ref}")


@dataclass(frozen=True, slots=True)
class Batch:
    """The field of a batch command's entries (empty: the body is the list), and the field that names an entry."""

    entries: str
    key: str


@dataclass(frozen=True, slots=True)
class Command:
    """One HTTP request. `route` is the path with its ids left open, for counting.

    Of refusals by a slug in `done` an earlier play has been further; those in `awaited` end with the next event.
    """

    method: str
    route: str
    path: str
    body: Any = None
    batch: Batch | None = None
    done: frozenset[str] = frozenset()
    awaited: frozenset[str] = frozenset()

    @classmethod
    def to(cls, method: str, route: str, body: Any = None, *, of: str = "", **more: Any) -> Self:
        """A request to a route; `of` is the code or id that the route leaves open."""
        return cls(method, route, route.format(code=of, id=of), body, **more)

    @property
    def entries(self) -> Mapping[str, Any]:
        """A batch's entries, by what an answer's item names each; none for a command that is no batch."""
        if self.batch is None:
            return {}
        found = self.body[self.batch.entries] if self.batch.entries else self.body
        return {str(entry if isinstance(entry, str) else entry[self.batch.key]): entry for entry in found}

    def only(self, names: Collection[str]) -> Self:
        """The same batch with only the entries of these names."""
        kept = [entry for name, entry in self.entries.items() if name in names]
        where = self.batch.entries if self.batch else ""
        return replace(self, body={**self.body, where: kept} if where else kept)
