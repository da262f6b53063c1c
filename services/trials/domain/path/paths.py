"""A pupil's path through one season, as one aggregate, and the stages that it has reached."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from itertools import chain
from typing import TypeVar

from pydantic import Field

from services.trials.domain.calendar.seasons import Season
from services.trials.domain.catalogue.diagnostics import attempt_key
from services.trials.domain.path.path_parts import Attendance, Booking, Correction, Lesson, Recommendation, Step
from shared.contracts.trials import (
    TRIAL_KINDS,
    SlotKind,
)
from shared.programme.moments import LocalTime
from shared.programme.stages import Facts, Rules, Stages
from shared.programme.texts import REF
from shared.storage.decision import Aggregate, Decisions

MOST = 500
"""Attempts of a path, bookings, cancelled ones too, and lessons: each change of a path writes all of it."""
LESSON: SlotKind = "lesson"
"""The kind of activity that a school's own lesson is."""


class Path(Aggregate):
    """One entry of a pupil in one season, with those of the entries joined to it; `id` is `<participant>/<season>`.

    A part stands in the path of the entry under which it was entered, and stays there: `duplicates` are read beside
    the survivor's path for as long as they are joined, and whatever they say counts as the survivor's. What is entered
    meanwhile is the survivor's own.
    """

    participant: str
    season: str
    diagnostics: dict[str, LocalTime] = Field(default_factory=dict)
    """Code → when it was first completed in the first round."""
    second_round: dict[str, LocalTime] = Field(default_factory=dict)
    """The same of the second round."""
    attempts: tuple[str, ...] = ()
    """The refs of the attempts, whose answers and profiles are kept apart."""
    bookings: tuple[Booking, ...] = ()
    attendances: tuple[Attendance, ...] = ()
    lessons: tuple[Lesson, ...] = ()
    recommendation: Recommendation | None = None
    revisions: int = 0
    """The number of the last recommendation that was taken back; 0 where none was."""
    corrections: tuple[Correction, ...] = ()
    """What of this path only the survivor's events took back: to be told under its own key once it stands alone."""
    erased: bool = False
    """True once this entry is erased: what was not attended holds no quota."""
    duplicates: tuple["Path", ...] = Field(default=(), exclude=True)
    elsewhere: tuple[Booking, ...] = Field(default=(), exclude=True)
    """The seats held in other seasons that overlap: known where a seat is taken or moved."""

    @classmethod
    def new(cls, participant: str, season: str) -> "Path":
        """Returns the path before its first step."""
        return cls(id=path_id(participant, season), participant=participant, season=season)

    @property
    def entries(self) -> tuple["Path", ...]:
        """The paths of all entries, the survivor's first."""
        return (self, *self.duplicates)

    def completed(self, rounds: Iterable[int] = (1,)) -> dict[str, datetime]:
        """Returns diagnostic → when any of the entries first completed it in one of the rounds."""
        first: dict[str, datetime] = {}
        for code, time in ((code, time) for n in rounds for entry in self.entries for code, time in entry.times(n)):
            first[code] = min(time, first.get(code, time))
        return first

    def times(self, round: int) -> Iterable[tuple[str, datetime]]:
        """Returns the diagnostics that this entry completed in a round, each with when it did first."""
        return (self.second_round if round == 2 else self.diagnostics).items()

    @property
    def all_bookings(self) -> Sequence[Booking]:
        """The bookings of all entries, in the order of booking."""
        return _in_order(entry.bookings for entry in self.entries)

    @property
    def held(self) -> list[Booking]:
        """The bookings in force of all entries."""
        return [booking for booking in self.all_bookings if booking.is_live]

    @property
    def seats(self) -> Counter[str]:
        """Slot → the seats that are held in it."""
        return Counter(booking.slot for booking in self.held)

    @property
    def all_attendances(self) -> Sequence[Attendance]:
        """The attendances of all entries, revoked ones too."""
        return _in_order(entry.attendances for entry in self.entries)

    @property
    def recommendations(self) -> list[Recommendation]:
        """The recommendations in force of all entries, the survivor's first."""
        return [entry.recommendation for entry in self.entries if entry.recommendation]

    @property
    def last_revision(self) -> int:
        """The number of the last recommendation that was issued to any of the entries; 0 where none was."""
        return max(max(entry.revisions for entry in self.entries), *(0, *(r.revision for r in self.recommendations)))

    @property
    def in_force(self) -> Recommendation | None:
        """The recommendation that is shown: the survivor's, or else that of the first duplicate."""
        return next(iter(self.recommendations), None)

    @property
    def attended(self) -> list[Attendance]:
        """The attendances that were not revoked, of every kind, in the order of time.

        Where two entries attended one slot, the pupil did once.
        """
        standing = sorted((a for a in self.all_attendances if a.revoked is None), key=lambda a: (a.time, a.id))
        if not self.duplicates:
            return standing
        return list({attendance.slot: attendance for attendance in reversed(standing)}.values())[::-1]

    @property
    def trials(self) -> list[Attendance]:
        """The practical trials among what was attended."""
        return [attendance for attendance in self.attended if attendance.kind in TRIAL_KINDS]

    def tested_at(self, season: Season) -> datetime | None:
        """Returns when the last of the required diagnostics was completed; None while one is missing."""
        completed = self.completed(season.rounds_tested)
        times = [completed.get(code) for code in season.diagnostics]
        known = [time for time in times if time is not None]
        return max(known) if len(known) == len(times) else None

    def trials_done_at(self, season: Season) -> datetime | None:
        """Returns when the season's number of practical trials was reached; None before."""
        if len(self.all_attendances) < season.trials_required:  # so it is of nearly all who take a diagnostic
            return None
        trials = self.trials
        return trials[season.trials_required - 1].time if len(trials) >= season.trials_required else None

    def may_attempt(self, diagnostic: str, round: int) -> bool:
        """Tells whether another attempt is taken; one that completes a diagnostic in its round is in any case."""
        return sum(len(entry.attempts) for entry in self.entries) < MOST or diagnostic not in self.completed([round])

    def keys_of(self, ref: str) -> list[str]:
        """Returns the natural keys of the attempts with a ref, of which each entry may have one, its own first."""
        spelt = ((entry, _spelling(entry.attempts, ref)) for entry in self.entries)
        return [attempt_key(entry.id, stored) for entry, stored in spelt if stored is not None]

    def booking(self, id: str) -> Booking:
        """Returns a booking of any entry by its id."""
        return next(b for b in self.all_bookings if b.id == id)

    def attendance(self, id: str) -> Attendance:
        """Returns an attendance of any entry by its id."""
        return next(a for a in self.all_attendances if a.id == id)

    def live_booking(self, slot: str) -> Booking | None:
        """Returns the booking in force in a slot."""
        return next((booking for booking in self.held if booking.slot == slot), None)

    def attendance_of(self, booking: str) -> Attendance | None:
        """Returns the attendance in force of a booking."""
        return next((a for a in self.all_attendances if a.booking == booking and a.revoked is None), None)


def ahead(path: Path, time: datetime) -> int:
    """Returns how many seats a pupil has in slots that begin after a time."""
    return sum(booking.starts_at > time for booking in path.held)


def _spelling(attempts: Collection[str], ref: str) -> str | None:
    """Returns a ref as one of an entry's attempts stores it: an older release stored white space around it, too."""
    if ref in attempts:
        return ref
    return next((stored for stored in attempts if REF.read(stored) == ref), None)


StepOf = TypeVar("StepOf", bound=Step)


def _in_order(parts: Iterable[tuple[StepOf, ...]]) -> Sequence[StepOf]:
    """Returns the parts of one entry as they stand, those of several by time."""
    several = list(parts)
    return several[0] if len(several) == 1 else sorted(chain.from_iterable(several), key=lambda part: part.time)


def overlapping(path: Path, booking: Booking) -> list[str]:
    """Returns the ids of the other bookings in force at the time of one: two entries may have had them."""
    return [b.id for b in held_between(path, booking.starts_at, booking.ends_at) if b.id != booking.id]


def held_between(path: Path, begins: datetime, ends: datetime) -> list[Booking]:
    """Returns the bookings in force that take some of a time, in other seasons too."""
    return [b for b in (*path.held, *path.elsewhere) if b.starts_at < ends and begins < b.ends_at]


def path_id(participant: str, season: str) -> str:
    """Returns the id of a pupil's path through a season."""
    return f"{participant}/{season}"


class Paths(Decisions[Path]):
    """The paths of a batch while it is decided."""

    def __init__(self, known: Iterable[Path]) -> None:
        super().__init__(known)
        self._new: dict[str, Path] = {}
        """Those before their first step that were asked for, of which nothing is kept unless a step is taken."""

    def of(self, participant: str, season: str, seasons: Iterable[str] = ()) -> Path:
        """Returns the path as it is by now, with the seats on those through others of `seasons` that were loaded."""
        id = path_id(participant, season)
        path = self.get(id) or self._new.get(id)
        if path is None:
            path = self._new[id] = Path.new(participant, season)
        others = (self.get(path_id(participant, other)) for other in seasons if other != season)
        elsewhere = tuple(booking for other in others if other for booking in other.held)
        return path.model_copy(update={"elsewhere": elsewhere}) if elsewhere != path.elsewhere else path


def stages(path: Path, season: Season, registered: datetime) -> Stages:
    """Returns the stages that a path has reached."""
    recommended = [recommendation.time for recommendation in path.recommendations]
    attended = [(a.kind, a.time) for a in path.attended]
    attended += [(LESSON, a.time) for entry in path.entries for a in entry.lessons if a.revoked is None]
    first, second = path.completed().items(), path.completed([2]).items()
    facts: Facts[datetime] = Facts(registered, first, attended, recommended, second)
    return Stages.of(facts, Rules.of(vars(season)))
