"""A promotion, as it is answered."""

from services.registration.domain.promotions import Promoted
from shared.base.models import Answer
from shared.http.problems import Problem


class NotPromoted(Answer):
    """A pupil for whom nothing was decided."""

    participant: str
    """Id of the pupil."""
    problem: Problem
    """The reason."""


class PromotionView(Answer):
    """The fates of a school's pupils who take part; the same promotion again counts all of them as `settled`."""

    year: str
    """The school year that begins."""
    promoted: int
    """Pupils who are in the next class from the day on."""
    repeated: int
    """Pupils who stay in their grade."""
    left: int
    """Pupils who are in the archive from the day on: those of the last grade, and those who were named."""
    settled: int
    """Pupils who stay where they are: they were placed on that day or a later one already, or came into the year
    otherwise, by another school's promotion, a roster of the new classes or a move."""
    refused: list[NotPromoted]
    """Pupils for whom nothing was decided, each with the reason; an exception that comes too late is one."""

    @classmethod
    def of(cls, year: str, done: Promoted) -> "PromotionView":
        """The answer to a promotion."""
        fates = done.fates
        return cls(
            year=year,
            promoted=fates["promoted"],
            repeated=fates["repeats"],
            left=fates["left"],
            settled=fates["settled"],
            refused=[NotPromoted(participant=id, problem=Problem.of(why)) for id, why in done.refused.items()],
        )
