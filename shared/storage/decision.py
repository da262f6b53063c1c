"""Decisions, the results of a domain's pure functions: the new state and what happened."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from shared.contracts.event import Event
from shared.identity.acting import Actor

NewId = Callable[[], str]
"""Makes a random id."""


class Aggregate(BaseModel):
    """State that is loaded, decided upon and stored as a whole; frozen, so that a change is a new value."""

    model_config = ConfigDict(frozen=True)

    id: str
    sequence: int = 0
    """How many events it has emitted; kept by the repository."""


S = TypeVar("S", bound=Aggregate)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Happened:
    """An event and when it happened, with the region's offset."""

    event: Event
    time: datetime


@dataclass(frozen=True, slots=True)
class Decision(Generic[S]):
    """The new state and the events that led to it, in order; none means that nothing happened that others are told."""

    state: S
    happened: tuple[Happened, ...] = ()
    by: Actor | None = None
    """Who decided it; where it is None, who acts in the request that stores it."""
    quiet: bool = False
    """True where the state is another although nothing happened that others are told."""

    @property
    def made(self) -> bool:
        """True where there is something to be stored."""
        return bool(self.happened) or self.quiet


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """The result of a command; not `new` where the same command had it before."""

    value: T
    new: bool


class Decisions(Generic[S]):
    """States by id while a batch is decided: each decision goes on from the one before it."""

    def __init__(self, known: Iterable[S]) -> None:
        self._made = {state.id: Decision(state) for state in known}

    def get(self, id: str) -> S | None:
        """The state as it is by now; None where there is none."""
        made = self._made.get(id)
        return None if made is None else made.state

    def take(self, decision: Decision[S], by: Actor | None) -> None:
        """Keeps a decision about a new state, or about one as `get` gave it, and whose it is."""
        before = self._made.get(decision.state.id)
        happened = (*before.happened, *decision.happened) if before else decision.happened
        quiet = decision.quiet or (before is not None and before.quiet)
        self._made[decision.state.id] = Decision(decision.state, happened, by, quiet)

    def __iter__(self) -> Iterator[S]:
        """Yields the states as they are by now."""
        return (made.state for made in self._made.values())

    @property
    def made(self) -> list[Decision[S]]:
        """The decisions that changed something, to be saved."""
        return [decision for decision in self._made.values() if decision.made]
