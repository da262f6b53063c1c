"""Opinions of attendances, as they are shown: to who said it, to the family, and to a venue without whose it is."""

from collections.abc import Sequence

from services.trials.domain.feedback import Words
from services.trials.domain.path_parts import Attendance, Marks
from shared.base.models import Answer
from shared.programme.moments import LocalTime

FEWEST = 5
"""Pupils who gave stars, before a venue reads anything of them: of fewer it would know whose each is."""


class FeedbackView(Answer):
    """The mentor's marks of an attendance."""

    attendance: str
    """Id of the attendance."""
    feedback: Marks | None
    """The marks that hold; null while there are none."""

    @classmethod
    def of(cls, attendance: Attendance) -> "FeedbackView":
        """Shows an attendance's marks."""
        return cls(attendance=attendance.id, feedback=attendance.feedback)


class ReviewView(Answer):
    """A pupil's review of an attendance, for the family alone."""

    attendance: str
    """Id of the attendance."""
    stars: int | None
    """1 to 5; null while there are none."""
    words: str | None
    """In the pupil's own words; null where none were said, or where they were lost or destroyed."""
    time: LocalTime | None
    """When the stars were given, on the region's clock; null while there are none."""
    revision: int
    """The number of the stars that hold: each that takes another's place counts on; 0 while there are none."""

    @classmethod
    def of(cls, attendance: Attendance, words: Words | None) -> "ReviewView":
        """Shows an attendance's stars with the words."""
        known = attendance.review if attendance.revoked is None else None
        return cls(
            attendance=attendance.id,
            stars=known and known.stars,
            words=words.words if known and words else None,
            time=known and known.time,
            revision=known.revision if known else 0,
        )


class SlotReviewsView(Answer):
    """The pupils' reviews of a slot, without whose they are."""

    slot: str
    """Id of the slot."""
    givers: int
    """The number of pupils who gave stars."""
    average: float | None
    """The mean of the stars, to a tenth; null for fewer than five pupils."""
    words: list[str]
    """Their words in the order of the alphabet, for the venue alone; none for fewer than five pupils who gave stars."""

    @classmethod
    def of(cls, slot: str, stars: Sequence[int], words: Sequence[str]) -> "SlotReviewsView":
        """Shows the reviews of a slot, where there are enough of them."""
        if len(stars) < FEWEST:
            return cls(slot=slot, givers=len(stars), average=None, words=[])
        return cls(slot=slot, givers=len(stars), average=round(sum(stars) / len(stars), 1), words=sorted(words))
