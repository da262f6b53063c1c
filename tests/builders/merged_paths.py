"""Paths of two entries of one pupil, walked alone and merged, and what whoever reads their events makes of them."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from services.trials.copies.joining import Joined
from services.trials.copies.participants import Participant
from services.trials.domain.catalogue.diagnostics import Attempt
from services.trials.domain.path import steps
from services.trials.domain.path.gates import SeasonGate
from services.trials.domain.path.path_parts import Attendance, Marks, Stars
from services.trials.domain.path.paths import Path
from services.trials.domain.presence import feedback, lessons
from services.trials.domain.presence.absences import miss
from services.trials.domain.presence.lessons import HeldLesson
from shared.base.errors import ServiceError
from shared.contracts.event import Event
from shared.contracts.feedback import FeedbackGiven
from shared.contracts.lessons import LessonAttended, LessonRevoked
from shared.contracts.trials import (
    AttendanceMissed,
    AttendanceRevoked,
    DiagnosticCompleted,
    RecommendationIssued,
    RecommendationWithdrawn,
    TrialAttended,
    TrialBooked,
    TrialCancelled,
)
from shared.programme.merging import Word
from shared.storage.decision import Decision
from tests.builders.events import at
from tests.builders.trials import programme, pupil, season, slot
from tests.builders.walks import ids

PLACES = [
    slot(f"s{n}", starts_at=at("2020-10-05", 9 + n), minutes=60, competency=f"c{n}", venue=f"V{n % 2}")
    for n in range(6)
]
"""Six trials of one day, none of which overlaps another."""
CRITERIA = ("order", "idea", "care")
BOOKED_AT, LATER = at("2020-09-20"), at("2020-12-01")


@dataclass
class Entries:
    """Rows of a survivor's and a duplicate's path, what was told under both keys, and the seats that are counted."""

    rows: dict[str, Path] = field(default_factory=lambda: {id: Path.new(id, "2020") for id in ("s", "d")})
    told: dict[str, list[Event]] = field(default_factory=lambda: defaultdict(list))
    seats: Counter[str] = field(default_factory=Counter)
    merged: bool = False
    gate: SeasonGate = field(default_factory=lambda: SeasonGate(season(), ids()))

    def path(self, id: str) -> Path:
        """The path that steps of an entry are decided upon."""
        return self.rows["s"].model_copy(update={"duplicates": (self.rows["d"],)}) if self.merged else self.rows[id]

    def keep(self, decision: Decision[Path]) -> None:
        """Stores a decision as the repository does."""
        path = decision.state
        self.seats.subtract(self.path(path.participant).seats)
        for entry in path.entries:
            self.rows[entry.participant] = entry.model_copy(update={"duplicates": ()})
        self.seats.update(path.seats)
        self.told[path.participant] += [fact.event for fact in decision.happened]

    def pupil(self, id: str) -> Joined:
        """The pupil as the copies say it."""
        roles = {"s": "survivor", "d": "duplicate"}
        other = {"s": "d", "d": "s"}
        words = {
            one: Word(other=other[one], role=role, merged=self.merged, sequence="9", time=at("2020-11-20"))
            for one, role in roles.items()
        }
        entries: dict[str, Participant] = {one: pupil(one, mergings=(word,)) for one, word in words.items()}
        if self.merged:
            return Joined(entries["s"], (entries["d"],), (entries["d"],))
        return Joined(entries[id], (), (entries[other[id]],))

    def become(self, merged: bool) -> None:
        """Both say that they are merged, or parted."""
        self.merged = merged
        for id in ("s",) if merged else ("s", "d"):
            self.keep(steps.follow(self.path(id), self.pupil(id), self.gate, {}))

    def step(self, id: str, act: str, n: int) -> None:
        """One step of the pupil who is named by an entry, if the rules let it pass."""
        path, one, place = self.path(id), self.pupil(id).pupil, PLACES[n]
        try:
            self.keep(self._decide(path, one, act, place.id, n))
        except (ServiceError, StopIteration):
            return

    def _decide(self, path: Path, one: Participant, act: str, place: str, n: int) -> Decision[Path]:
        if act == "sit":
            diagnostic = ("readiness", "interests")[n % 2]
            ref = f"{path.id}-{len(path.attempts)}"
            attempt = Attempt(path.id, ref, f"a-{ref}", diagnostic, b"", {}, at("2020-09-14", 9 + n))
            return steps.complete(path, one, attempt, self.gate)
        if act == "book":
            return steps.book(path, one, PLACES[n], BOOKED_AT, self.gate.new_id)
        if act == "door":
            time = PLACES[n].starts_at + timedelta(minutes=5)
            seated = steps.book_at_door(path, one, PLACES[n], time, self.gate.new_id)
            there = steps.attend(seated.state, one, seated.state.bookings[-1], "qr", time, self.gate)
            return Decision(there.state, (*seated.happened, *there.happened))
        if act == "cancel":
            return steps.cancel(path, one, next(b.id for b in path.all_bookings if b.slot == place), at("2020-09-25"))
        if act == "hear":
            held = HeldLesson("2020", one.school, f"l{n}", "4", None)
            return lessons.attend(path, one, held, at("2020-09-16", 9 + n), self.gate.new_id)
        if act == "unhear":
            heard = next(a for entry in path.entries for a in entry.lessons if a.revoked is None)
            return lessons.revoke(path, one, heard, "ошибка", LATER)
        if act in ("mark", "star"):
            return self._say(path, one, act, next(a for a in path.attended if a.slot == place), n)
        if act == "revoke":
            standing = next(a for a in path.attended if a.slot == place)
            return steps.revoke(path, one, standing.id, "ошибка", LATER, self.gate)
        booking = next(b for b in path.all_bookings if b.slot == place and b.is_live)
        if act == "miss":
            return miss(path, one, booking, booking.starts_at + timedelta(minutes=50))
        return steps.attend(path, one, booking, "list", booking.starts_at + timedelta(minutes=5), self.gate)

    def _say(self, path: Path, one: Participant, act: str, of: Attendance, n: int) -> Decision[Path]:
        known, steps = (of.feedback, len(CRITERIA)) if act == "mark" else (of.review, 5)
        said = {"time": LATER, "revision": 1}
        value = 1 + (n + (known.revision if known else 0)) % steps
        if act == "star":
            return feedback.star(path, one, Stars(**said, stars=value), of.id)
        marks = Marks(**said, programme="p", marks={CRITERIA[value - 1]: 5})
        return feedback.mark(path, one, marks, of.id, programme(*CRITERIA), self.gate)


def standing(told: Iterable[Event]) -> dict[str, set[str]]:
    """What a set of facts comes to for whoever reads the events alone."""
    made: dict[str, set[str]] = defaultdict(set)
    undone: dict[str, set[str]] = defaultdict(set)
    said: dict[tuple[str, str], int] = defaultdict(int)
    for event in told:
        match event:
            case DiagnosticCompleted():
                made["attempts"].add(event.attempt)
            case TrialBooked():
                made["bookings"].add(event.booking)
            case TrialCancelled():
                undone["bookings"].add(event.booking)
            case AttendanceMissed():
                made["missed"].add(event.booking)
            case TrialAttended():
                made["attendances"].add(event.attendance)
            case AttendanceRevoked():
                undone["attendances"].add(event.attendance)
            case FeedbackGiven():
                said[event.attendance, event.giver] = max(event.revision, said[event.attendance, event.giver])
            case LessonAttended():
                made["lessons"].add(event.attendance)
            case LessonRevoked():
                undone["lessons"].add(event.attendance)
            case RecommendationIssued():
                made["recommendations"].add(event.recommendation)
            case RecommendationWithdrawn():
                undone["recommendations"].add(event.recommendation)
    made["missed"] &= made["bookings"]  # of another key's booking it says nothing
    of = made["attendances"] - undone["attendances"]
    made["said"] = {f"{id} {giver} {revision}" for (id, giver), revision in said.items() if id in of}
    kinds = ("attempts", "bookings", "missed", "attendances", "lessons", "recommendations", "said")
    return {kind: made[kind] - undone[kind] for kind in kinds}


def stored(path: Path) -> dict[str, set[str]]:
    return {
        "attempts": {f"a-{ref}" for entry in path.entries for ref in entry.attempts},
        "bookings": {b.id for b in path.all_bookings if b.is_live},
        "missed": {b.id for b in path.all_bookings if b.missed},
        "attendances": {a.id for a in path.all_attendances if a.revoked is None},
        "said": {
            f"{a.id} {giver} {said.revision}"
            for a in path.all_attendances
            for giver, said in (("mentor", a.feedback), ("pupil", a.review))
            if a.revoked is None and said is not None
        },
        "lessons": {a.id for entry in path.entries for a in entry.lessons if a.revoked is None},
        "recommendations": {r.id for r in path.recommendations},
    }
