"""Pupils as trials knows them: where, in which seasons, and when they may take part. Pure."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated, Any, NamedTuple, Self

from pydantic import AfterValidator, BaseModel, ConfigDict

from shared.identity.family import FamilyLink, LinkChange
from shared.programme.merging import Word
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
    """A change of consent: one was given, perhaps for a term, or the one in force was withdrawn."""

    model_config = ConfigDict(frozen=True)

    sequence: str
    time: LocalTime
    given: bool
    until: LocalTime | None = None
    """The time from which on the one that was given is in force no longer."""


class Archiving(BaseModel):
    """A pupil was archived, or restored."""

    model_config = ConfigDict(frozen=True)

    sequence: str
    time: LocalTime
    archived: bool


class Crossing(BaseModel):
    """A pupil's move from one municipality to another one, which may have another clock."""

    model_config = ConfigDict(frozen=True)

    day: str
    sequence: str
    left: tuple[str, str]
    """Region and municipality."""
    joined: tuple[str, str]


class Lapse(NamedTuple):
    """A time in which a pupil may not take part: until consent was given again, or the pupil restored, if that was."""

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
    """True where the last word was one that was given; its term may be over by now."""
    consent_changes: tuple[ConsentChange, ...] = ()
    """By sequence."""
    seasons: dict[str, Entry] = {}
    accounts: tuple[FamilyLink, ...] = ()
    """The pupil's own account and those of linked guardians; one account may be both."""
    link_changes: tuple[LinkChange, ...] = ()
    """By sequence; an earlier release kept the accounts alone."""
    erased: bool = False
    """True for good once registration has destroyed the name: nobody acts for the pupil any more."""
    act: str = ""
    """The act of the erasure that was answered last."""
    guardians_erased: dict[str, str] = {}
    """The act by guardian who was erased, for good: a link of hers that is heard late opens nothing."""
    archivings: tuple[Archiving, ...] = ()
    """By sequence."""
    placed_on: str = ""
    """The local day of the registration or move that set the place."""
    place_set_by: str = UNSET
    """The sequence of the event that set the place."""
    consent_set_by: str = UNSET
    crossings: tuple[Crossing, ...] = ()
    """Moves from one municipality to another, by day."""
    consented_elsewhere: LocalTime | None = None
    """Of a survivor, the time of the first consent for one of its duplicates; no row has it."""
    mergings: tuple[Word, ...] = ()
    """What it last said of each other entry of the same pupil."""

    @classmethod
    def unheard(cls, id: str) -> Self:
        """Returns an entry of which nothing has been heard yet, though another one names it."""
        return cls(id=id, region="", municipality="", school="", school_class="", grade=0)

    @property
    def is_known(self) -> bool:
        """True once an event has said anything of the pupil."""
        return self.place_set_by != UNSET

    @property
    def lapses(self) -> Iterator[Lapse]:
        """The times without consent after a withdrawal, or after the end of a consent's term."""
        return _lapses((change.time, change.given, change.until) for change in self.consent_changes)

    @property
    def absences(self) -> Iterator[Lapse]:
        """The times in the archive."""
        return _lapses((change.time, not change.archived, None) for change in self.archivings)

    @property
    def is_gone(self) -> bool:
        """True where the pupil is erased, or in the archive by the last that was heard."""
        return self.erased or (bool(self.archivings) and self.archivings[-1].archived)

    def lapse(self, begins: datetime, ends: datetime) -> Lapse | None:
        """Returns the first time without consent that meets another time."""
        return next((lapse for lapse in self.lapses if lapse.meets(begins, ends)), None)

    def has_consent(self, begins: datetime, ends: datetime) -> bool:
        """Tells whether a consent was in force for all of a time, whatever was said of it since."""
        given = [change.time for change in self.consent_changes if change.given]
        first = min([*given, *([self.consented_elsewhere] if self.consented_elsewhere else [])], default=None)
        return first is not None and first <= begins and self.lapse(begins, ends) is None

    def absence(self, begins: datetime, ends: datetime) -> Lapse | None:
        """Returns the first time in the archive that meets another time."""
        return next((lapse for lapse in self.absences if lapse.meets(begins, ends)), None)

    @property
    def stays(self) -> list[tuple[str, str, str | None]]:
        """The regions and municipalities where the pupil was, each with the day from which on."""
        if not self.crossings:
            return [("", self.region, self.municipality)]
        return [("", *self.crossings[0].left), *((move.day, *move.joined) for move in self.crossings)]

    @property
    def place(self) -> Place:
        """The place where the pupil belongs."""
        return Place(self.region, self.municipality, self.school, self.school_class, self.grade)

    @property
    def event_fields(self) -> dict[str, Any]:
        """The fields that every event of this pupil carries."""
        return self.place.event_fields(self.id)


def _lapses(changes: Iterable[tuple[datetime, bool, datetime | None]]) -> Iterator[Lapse]:
    """Yields the times in which something was not allowed, from when it was or was not again, and until when it was."""
    begins: datetime | None = None
    over: datetime | None = None
    for time, allowed, until in changes:
        if over is not None and over < time:
            begins = over
        if allowed and begins is not None:
            yield Lapse(begins, time)
        begins = None if allowed else min(begins or time, time)
        over = until if allowed else None
    begins = begins or over
    if begins is not None:
        yield Lapse(begins, None)
