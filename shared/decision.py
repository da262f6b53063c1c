"""What a pure function of a domain returns: the new state and what happened."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from shared.acting import Actor
from shared.contracts.event import Event


class Aggregate(BaseModel):
    """State that is loaded, decided upon and stored as a whole; frozen, so that a change is a new value."""

    model_config = ConfigDict(frozen=True)

    id: str
    sequence: int = 0
    """How many events it has emitted; kept by the repository."""


S = TypeVar("S", bound=Aggregate)


@dataclass(frozen=True, slots=True)
class Happened:
    """An event and when it happened, with the region's offset."""

    event: Event
    time: datetime


@dataclass(frozen=True, slots=True)
class Decision(Generic[S]):
    """The new state and the events that led to it, in order; none means that nothing had to be done."""

    state: S
    happened: tuple[Happened, ...] = ()
    by: Actor | None = None
    """Who decided it; where it is None, who acts in the request that stores it."""
