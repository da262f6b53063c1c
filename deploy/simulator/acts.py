"""The acts of a season: what happens by itself, and what puts an entry right."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from deploy.simulator.command import Actor
from deploy.simulator.population import Pupil, SchoolClass

Kind = Literal["link", "move", "ask", "confirm", "merge", "archive", "correct", "withdraw", "consent", "erase"]
SlotAct = Literal["book", "attend", "mistake", "miss", "revoke", "shift", "close"]
AT_SLOT: Mapping[SlotAct, tuple[str, str]] = {
    "book": ("bookings/batch", "trial.booked.v1"),
    "attend": ("attendance", "trial.attended.v1"),
    "mistake": ("attendance", "trial.attended.v1"),
    "miss": ("absences", "attendance.missed.v1"),
    "revoke": ("", "attendance.revoked.v1"),
    "shift": ("move", "trial.moved.v1"),
    "close": ("closing", "trial.cancelled.v1"),
}
"""The end of an act's address, and the event that it causes of each pupil."""


@dataclass(frozen=True, slots=True)
class Venue:
    """A site of a municipality where slots are held."""

    code: str
    name: str
    kind: str
    municipality: str


@dataclass(frozen=True, slots=True)
class Slot:
    """Seats at a venue at a time; `ref` is the venue's own number of it."""

    ref: str
    venue: Venue
    competency: str
    kind: str
    starts_at: datetime
    minutes: int
    capacity: int


@dataclass(frozen=True, slots=True)
class Define:
    """An entry of the catalogue, or of a ledger, at its address; `route` is the address with its code left open."""

    route: str
    code: str
    body: Mapping[str, Any]
    method: str = "PUT"


@dataclass(frozen=True, slots=True)
class Enrol:
    """A roster of a class, or of some of it, is sent with the consents, the earliest given at `consents_from`."""

    school_class: SchoolClass
    consents_from: datetime


@dataclass(frozen=True, slots=True)
class Sit:
    """Pupils of a class complete a diagnostic."""

    diagnostic: str
    pupils: tuple[Pupil, ...]
    round: int = 1


@dataclass(frozen=True, slots=True)
class Publish:
    """A venue publishes a timetable."""

    venue: Venue
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class AtSlot:
    """An act at a slot about pupils: a navigator books those of the school, the others are the venue's.

    It records who took part, by mistake who did not, which is revoked for each, or who missed it. It closes the slot,
    or moves it with those who are booked to the time that it has here.
    """

    kind: SlotAct
    slot: Slot
    pupils: tuple[Pupil, ...]


@dataclass(frozen=True, slots=True)
class Amendment:
    """An act about one pupil, for whom a guardian opens a cabinet.

    Who was entered elsewhere is moved by an operator, or asked for, and the other school confirms. A second entry is
    merged, a name put right, a consent taken back and given once more; a pupil leaves, was a mistake, or is erased.
    """

    kind: Kind
    pupil: Pupil
    words: str = ""
    """The class to which the pupil is moved or asked for, the reason of an archive, the version of a consent."""
    other: Pupil | None = None
    """A second entry that is merged, or the entry of the school that confirms."""


Act = Define | Enrol | Sit | Publish | AtSlot | Amendment


@dataclass(frozen=True, slots=True)
class Step:
    """One command of the season. `needs` are numbers of earlier steps; `events` says how many it causes, by type."""

    number: int
    actor: Actor
    at: datetime
    act: Act
    needs: tuple[int, ...]
    events: Mapping[str, int]

    def __str__(self) -> str:
        name = getattr(self.act, "kind", type(self.act).__name__)
        return f"step {self.number} ({name} by {self.actor.subject}, {self.at.isoformat()})"
