"""Pupils as trials knows them, folded from events in any order. Pure."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict

from shared.contracts.event import Envelope, ParticipantEvent
from shared.contracts.registration import (
    ConsentGiven,
    ConsentWithdrawn,
    ParticipantRegistered,
)
from shared.identity.family import FamilyLink, link_of
from shared.programme.moments import LocalTime
from shared.programme.place import Place
from shared.programme.texts import class_form

UNSET = ""
"""The sequence of a field that no event has set: before every other."""


class Entry(BaseModel):
    """A pupil's registration in one season."""

    model_config = ConfigDict(frozen=True)

    time: LocalTime
    recorded: datetime
    """The time at which registration's server wrote it down."""
    sequence: str = UNSET
    """The event's; an earlier release kept none."""


class ConsentChange(BaseModel):
    """A change of consent: one was given, or the one in force was withdrawn."""

    model_config = ConfigDict(frozen=True)

    sequence: str
    time: LocalTime
    given: bool


class Lapse(NamedTuple):
    """A time without consent: from a withdrawal until a consent was given again, if one was."""

    begins: datetime
    ends: datetime | None

    def meets(self, begins: datetime, ends: datetime) -> bool:
        """Tells whether some of it lies within a time; of an instant, both ends are the same."""
        return self.begins <= ends and (self.ends is None or begins < self.ends)


class Participant(BaseModel):
    """A pupil as trials knows one: where, in which seasons, whether with consent, and whose cabinet shows them."""

    model_config = ConfigDict(frozen=True)

    id: str
    region: str
    municipality: str
    school: str
    school_class: Annotated[str, AfterValidator(class_form)]
    grade: int
    consent: bool = False
    """True while one is in force."""
    consent_changes: tuple[ConsentChange, ...] = ()
    """By sequence."""
    seasons: dict[str, Entry] = {}
    accounts: tuple[FamilyLink, ...] = ()
    """The pupil's own account and those of linked guardians; one account may be both."""
    place_set_by: str = UNSET
    """The sequence of the event that set the place; an older one never overwrites it."""
    consent_set_by: str = UNSET

    @property
    def lapses(self) -> Iterator[Lapse]:
        """The times without consent after a withdrawal."""
        begins: datetime | None = None
        for change in self.consent_changes:
            if change.given and begins is not None:
                yield Lapse(begins, change.time)
            begins = None if change.given else begins or change.time
        if begins is not None:
            yield Lapse(begins, None)

    def lapse(self, begins: datetime, ends: datetime) -> Lapse | None:
        """Returns the first time without consent that meets another time."""
        return next((lapse for lapse in self.lapses if lapse.meets(begins, ends)), None)

    @property
    def place(self) -> Place:
        """The place where the pupil belongs."""
        return Place(self.region, self.municipality, self.school, self.school_class, self.grade)

    @property
    def event_fields(self) -> dict[str, Any]:
        """The fields that every event of this pupil carries."""
        return self.place.event_fields(self.id)


def learn(known: Participant | None, envelope: Envelope) -> Participant:
    """Returns the pupil after one more event, which may be older than others that are known, or known itself."""
    event, sequence = envelope.event, envelope.sequence
    assert isinstance(event, ParticipantEvent)
    pupil = known or Participant(id=event.participant, **Place.of(event)._asdict())
    changes: dict[str, Any] = {}
    if _says_where_now(pupil, envelope):
        changes |= Place.of(event)._asdict() | {"place_set_by": sequence}
    if isinstance(event, ConsentGiven | ConsentWithdrawn):
        given = isinstance(event, ConsentGiven)
        changes |= _consent(pupil, ConsentChange(sequence=sequence, time=envelope.time, given=given))
    if isinstance(event, ParticipantRegistered) and event.season not in pupil.seasons:
        entry = Entry(time=envelope.time, recorded=envelope.recordedtime, sequence=sequence)
        changes["seasons"] = {**pupil.seasons, event.season: entry}
    link = link_of(event)
    if link is not None and link not in pupil.accounts:
        changes["accounts"] = (*pupil.accounts, link)
    return pupil.model_copy(update=changes) if changes else pupil


def _says_where_now(pupil: Participant, envelope: Envelope) -> bool:
    """Tells whether an event says where the pupil is, as far as is known by now.

    The newest does, but not a roster that was entered late, for a season before another that was known by then: it says
    where the pupil was. Registration keeps the place in the same way.
    """
    is_newer = envelope.sequence > pupil.place_set_by
    if not isinstance(envelope.event, ParticipantRegistered):
        return is_newer
    if is_newer:
        return all(envelope.time >= entry.time for entry in pupil.seasons.values())
    setter = next((entry for entry in pupil.seasons.values() if entry.sequence == pupil.place_set_by), None)
    return setter is not None and setter.time < envelope.time


def _consent(pupil: Participant, change: ConsentChange) -> dict[str, Any]:
    """Returns the fields that a change of consent sets."""
    fields: dict[str, Any] = {}
    if change.sequence > pupil.consent_set_by:
        fields |= {"consent": change.given, "consent_set_by": change.sequence}
    if change.sequence not in {known.sequence for known in pupil.consent_changes}:
        in_order = sorted((*pupil.consent_changes, change), key=lambda one: one.sequence)
        fields["consent_changes"] = tuple(in_order)
    return fields
