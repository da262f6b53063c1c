"""Events of what is said of an attendance afterwards: marks of the mentor, stars of the pupil, and never words."""

from typing import Literal

from shared.contracts.event import Pseudonymous, Public
from shared.contracts.trials import PathEvent, SlotKind


class FeedbackGiven(PathEvent):
    """The mentor marked an attendance by criteria, or the pupil gave it stars; words stay in trials.

    Of an attendance and giver the highest revision holds, whichever key told it. With the attendance it is gone.
    """

    type = "feedback.given.v1"

    attendance: Pseudonymous[str]
    """The attendance of which this is said."""
    slot: Public[str]
    competency: Public[str]
    kind: Public[SlotKind]
    giver: Public[Literal["mentor", "pupil"]]
    programme: Public[str | None] = None
    """The programme whose criteria the marks name; None for stars."""
    marks: Public[dict[str, int] | None] = None
    """Code of a criterion → 1 to 5; None for stars."""
    stars: Public[int | None] = None
    """1 to 5; None for marks."""
    revision: Public[int] = 1
    """1 for what was said first; each that takes its place counts on."""


__all__ = ["FeedbackGiven"]
