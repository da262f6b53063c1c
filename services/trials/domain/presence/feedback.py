"""Opinions of an attendance that stands: marks of the mentor by criteria, stars and words of the pupil.

Both have five steps: so many a mentor who saw a pupil for an hour and a child can tell apart. A mark is no mark of the
school, and no figure is made of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import Field

from services.trials.copies.participants import Participant
from services.trials.domain.path.corrections import taken_back
from services.trials.domain.path.gates import SeasonGate
from services.trials.domain.path.path_parts import Attendance, Correction, Marks, Opinion, Stars
from services.trials.domain.path.paths import Path
from services.trials.domain.places.programmes import Programme
from shared.base.errors import BadInput, Conflict, FieldError, word
from shared.base.models import Count, Input
from shared.contracts.codes import SoughtCode
from shared.programme.moments import Moment
from shared.programme.texts import Passage
from shared.storage.decision import Decision

Steps = Annotated[int, Field(ge=1, le=5)]


class FeedbackEntry(Input):
    """A mentor's marks of an attendance; they take the place of those that were given before."""

    marks: Annotated[dict[SoughtCode, Steps], Count(1, 20)]
    """Code of a criterion of the slot's programme → 1 to 5; some of the criteria, or all of them."""
    occurred_at: Moment | None = None


class ReviewEntry(Input):
    """A pupil's stars of an attendance; they take the place of those that were given before, words too."""

    stars: Steps
    """1 to 5."""
    words: Passage | None = None
    """In the pupil's own words, which must name nobody; left out, those of before are destroyed."""


@dataclass(frozen=True, slots=True)
class Words:
    """A pupil's words of an attendance: in no event, and on no path."""

    attendance: str
    path: str
    """Id of the entry's path on which the attendance stands."""
    words: str
    time: datetime

    def document(self) -> dict[str, Any]:
        """The row as it is stored."""
        return {"_id": self.attendance, "path": self.path, "words": self.words, "time": self.time.isoformat()}

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Returns the words of a stored row."""
        return cls(row["_id"], row["path"], row["words"], datetime.fromisoformat(row["time"]))


def mark(
    path: Path, pupil: Participant, given: Marks, attendance: str, programme: Programme | None, gate: SeasonGate
) -> Decision[Path]:
    """Gives an attendance the mentor's marks, with what follows for the recommendation; the same change nothing."""
    known = path.attendance(attendance)
    _must_stand(known, pupil, given.time)
    if programme is None or not programme.criteria:
        raise Conflict("the slot names no programme with criteria", slug="criteria-missing")
    unknown = given.marks.keys() - {criterion.code for criterion in programme.criteria}
    if unknown:
        why = f"is no criterion of the programme {programme.id}"
        raise BadInput.of(FieldError(word("marks", code), why) for code in sorted(unknown))
    if known.feedback is not None and known.feedback.marks == given.marks:
        return Decision(path)
    marks = given.model_copy(update={"revision": _next(known.feedback, given.time)})
    return gate.settle(
        _told(path, pupil, Correction(kind="marked", id=attendance, time=marks.time, marks=marks)), pupil
    )


def star(path: Path, pupil: Participant, given: Stars, attendance: str) -> Decision[Path]:
    """Gives an attendance the pupil's stars; the same change nothing."""
    known = path.attendance(attendance)
    _must_stand(known, pupil, given.time)
    if known.review is not None and known.review.stars == given.stars:
        return Decision(path)
    stars = given.model_copy(update={"revision": _next(known.review, given.time)})
    return _told(path, pupil, Correction(kind="starred", id=attendance, time=stars.time, stars=stars))


def _told(path: Path, pupil: Participant, said: Correction) -> Decision[Path]:
    return taken_back(Decision(path), pupil, said)


def _must_stand(attendance: Attendance, pupil: Participant, time: datetime) -> None:
    if attendance.revoked is not None:
        raise Conflict("the attendance was taken back", slug="attendance-revoked")
    if time < attendance.time:
        raise BadInput.field("occurred_at", "lies before the attendance")
    if not pupil.has_consent(time, time):
        raise Conflict("no consent was in force at that time", slug="consent-missing")
    if pupil.absence(time, time):
        raise Conflict("the pupil was in the archive by then", slug="participant-archived")


def _next(known: Opinion | None, time: datetime) -> int:
    """Returns the number of the next revision; raises BadInput for one that was said before that which holds."""
    if known is None:
        return 1
    if time < known.time:
        raise BadInput.field("occurred_at", "lies before what was said last")
    return known.revision + 1
