"""Lessons of career guidance that a school holds: who was in one, and who was not after all. Pure."""

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from services.trials.copies.participants import Participant
from services.trials.domain.path.caller import Caller, Taken, UnknownParticipant, clock_of, is_staff_of, must_take_part
from services.trials.domain.path.corrections import taken_back
from services.trials.domain.path.path_parts import Correction, Lesson
from services.trials.domain.path.paths import MOST, Path
from services.trials.domain.path.states import States
from services.trials.domain.path.steps import as_exception
from shared.base.errors import BadInput, Conflict
from shared.contracts.codes import ExceptionReason
from shared.contracts.lessons import LessonAttended
from shared.identity.acting import Actor
from shared.identity.exceptions import may_except
from shared.identity.principal import Principal
from shared.programme.moments import happened_at
from shared.storage.decision import Decision, Done, Happened, NewId

NO_LESSON = "no such lesson"


@dataclass(frozen=True, slots=True)
class HeldLesson:
    """A lesson as the school says that it was held."""

    season: str
    school: str
    ref: str
    """The school's own name of it."""
    theme: str
    occurred_at: datetime | None
    exception: ExceptionReason | None = None
    """The operator's reason to record it outside the season's dates."""

    @property
    def id(self) -> str:
        """The same for the same ref, so that a lesson sent again is known by what pupils' paths say alone."""
        named = "\x1f".join((self.school, self.season, self.ref))
        return urlsafe_b64encode(blake2b(named.encode(), digest_size=12).digest()).decode()


@dataclass(frozen=True, slots=True)
class LessonBatch:
    """The states that the pupils of a lesson are decided upon."""

    held: HeldLesson
    states: States
    caller: Caller
    new_id: NewId

    def attend(self, named: str) -> Done[Taken[Lesson]]:
        """Notes that a pupil was in the lesson; one who was noted stays so, with what the lesson was said to be."""
        held, pupil = self.held, self.caller.pupil(named)
        path = self.states.paths.of(pupil.id, held.season)
        known = next((one for one in _in_lesson(path, held.id) if one.revoked is None), None)
        if known is not None:
            if known.theme != held.theme or held.occurred_at not in (None, known.time):
                raise Conflict.about("ref", "this ref names another lesson of the school", "ref-reused")
            return Done(Taken(known, pupil.id), new=False)
        if pupil.school != held.school:
            raise Conflict.about("participant", "the pupil is in another school", "not-in-school")
        season = self.states.seasons[held.season]
        season.must_be_open("season")
        time = self.caller.time(pupil, held.occurred_at)
        if may_except(held.exception, self.caller.who, pupil.region, pupil.municipality) is None:
            season.must_contain(time, "occurred_at" if held.occurred_at else "season")
        must_take_part(pupil, season, time, time, self.caller.now)
        decision = as_exception(attend(path, pupil, held, time, self.new_id), held.exception)
        self.states.paths.take(decision, self.caller.by)
        return Done(Taken(decision.state.lessons[-1], pupil.id), new=True)


@dataclass(frozen=True, slots=True)
class LessonRevocation:
    """A lesson that is taken back for some of its pupils, and by whom."""

    lesson: str
    season: str
    reason: str
    occurred_at: datetime | None
    who: Principal
    now: datetime
    by: Actor | None

    def parts(self, states: States, named: str) -> Sequence[Lesson]:
        """Returns a pupil's parts of the lesson, none where the caller speaks neither for the pupil nor the school."""
        path = states.path_of(named, self.season)
        if path is None:
            return ()
        pupil = states.pupils[named]
        return [one for one in _in_lesson(path, self.lesson) if self._speaks_for(pupil, one)]

    def _speaks_for(self, pupil: Participant, part: Lesson) -> bool:
        """Tells whether the caller is staff of the pupil's place, or of where the pupil was; nobody is once erased."""
        scope = self.who.scope
        then = scope.covers(pupil.region, pupil.municipality, part.school, school_class=part.school_class)
        return not pupil.erased and (then or is_staff_of(self.who, pupil))

    def revoke(self, states: States, named: str) -> Done[Taken[Lesson]]:
        """Takes the lesson back for a pupil, also where two entries of it were in it; again, it changes nothing."""
        parts = self.parts(states, named)
        if not parts:
            raise UnknownParticipant.about("participant", "no such participant in this lesson and your scope")
        pupil = states.pupils[named]
        time = happened_at(self.occurred_at, self.now, clock_of(states.zones, pupil))
        for part in parts:
            if part.revoked is None:
                path = states.paths.of(pupil.id, self.season)
                states.paths.take(revoke(path, pupil, part, self.reason, time), self.by)
        return Done(Taken(parts[0], pupil.id), new=any(part.revoked is None for part in parts))


def _in_lesson(path: Path, lesson: str) -> Sequence[Lesson]:
    """Returns the parts of a path that are of a lesson, revoked ones too."""
    return [one for entry in path.entries for one in entry.lessons if one.lesson == lesson]


def attend(path: Path, pupil: Participant, held: HeldLesson, time: datetime, new_id: NewId) -> Decision[Path]:
    """Notes, for the school, that the pupil was in a lesson: no gate opens by it."""
    if len(path.lessons) >= MOST:
        raise Conflict.about("participant", "the pupil has too many lessons in this season", "too-many-lessons")
    of = {"school": pupil.school, "school_class": pupil.school_class}
    lesson = Lesson(id=new_id(), time=time, lesson=held.id, theme=held.theme, **of)
    said = {"attendance": lesson.id, "lesson": lesson.lesson, "theme": lesson.theme}
    event = LessonAttended(**pupil.event_fields, season=path.season, **said)
    return Decision(path.model_copy(update={"lessons": (*path.lessons, lesson)}), (Happened(event, time),))


def revoke(path: Path, pupil: Participant, lesson: Lesson, reason: str, time: datetime) -> Decision[Path]:
    """Takes back that a pupil was in a lesson."""
    if time < lesson.time:
        raise BadInput.field("occurred_at", "lies before the lesson")
    return taken_back(Decision(path), pupil, Correction(kind="unheld", id=lesson.id, time=time), reason)
