"""The parts that the routes share by which somebody acts for pupils, one by one or many at once."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from fastapi import Path, Query

from services.trials.answers.commands import AbsenceAnswer, AttemptAnswer, AttendanceAnswer, BookingAnswer, Items
from services.trials.answers.lessons import LessonAnswer
from services.trials.answers.placements import Placed
from shared.base.errors import BadInput
from shared.base.models import Answer
from shared.base.side_thread import aside
from shared.http.batch import Item, Outcome
from shared.http.routes import KIB
from shared.identity.acting import about
from shared.programme.texts import REF, Id

A = TypeVar("A", bound=Answer)
P = TypeVar("P", AbsenceAnswer, AttemptAnswer, AttendanceAnswer, BookingAnswer, LessonAnswer, Placed)
R = TypeVar("R")
BookingId = Annotated[Id, Path(description="Id of the booking.")]
SlotId = Annotated[Id, Path(description="Id of the slot.")]
LARGEST_ANSWERS = 45 * KIB
"""500 answers with the longest of codes."""
NOT_READY = (
    "organisation-unknown",
    "not-in-season",
    "consent-missing",
    "participant-archived",
    "outside-season",
    "season-closed",
)
"""The slugs of refusals because a pupil cannot act yet, or at all."""
Dry = Annotated[bool, Query(description="true to see what would come of it, and change nothing")]


def wanted(sent: object, at: str) -> Item[str]:
    """Reads the id of a pupil for whom something is wanted."""
    id = REF.read(sent)
    return Item(at, BadInput.field(at, "not the id of a participant") if id is None else id, "participant")


async def item_by_item(
    answer: Callable[[Any, Outcome[R]], A], sent: Sequence[Any], outcomes: Sequence[Outcome[R]]
) -> Items[A]:
    """Returns the answer to each item as it was sent, readable or not."""
    pairs = zip(sent, outcomes, strict=True)
    return Items(items=await aside(lambda: [answer(raw, outcome) for raw, outcome in pairs], len(sent)))


def noted(answered: Items[P]) -> Items[P]:
    """Returns the answer; the audit log has the pupils of whom something was accepted."""
    accepted = (item for item in answered.items if item.status != "rejected")
    about(id for item in accepted if (id := item.merged_into or item.participant))
    return answered
