"""Standings: whether a pupil is in a school year already, and in which class the pupil was before it."""

from dataclasses import dataclass
from datetime import date, timedelta

from services.registration.domain.participants import Participant
from services.registration.domain.placements import Place

BEGINS = (6, 1)
"""Month and day from which the next school year's classes may be formed; it begins on 1 September."""


def first_day(year: str) -> date:
    """Returns the first day on which classes of a school year may be formed."""
    return date(int(year), *BEGINS)


@dataclass(frozen=True, slots=True)
class Standing:
    """A pupil before a school year, whose classes are formed on a local day."""

    pupil: Participant
    year: str
    """The calendar year in which the school year begins, `2021`."""
    day: str
    seasons: frozenset[str]
    """The seasons that open in the school year or later: their rosters name its classes."""

    @property
    def is_settled(self) -> bool:
        """True where the pupil was placed on that day or later, or is in the year already.

        Schools go on at different days, and rosters of the new classes come before and after: whoever changes school
        in summer would else go on twice.
        """
        said = (placement.day for placement in self.pupil.history if not placement.follows)
        if max(said) >= self.day:
            return True
        reached = [placement.place.grade for placement in self.pupil.history if placement.year == self.year]
        if reached:
            return self.pupil.place.grade >= max(reached)
        return self.has_gone_up or (self._before is None and self.seasons.issuperset(self.pupil.seasons))

    @property
    def has_gone_up(self) -> bool:
        """True where the pupil is in a higher grade than before the year."""
        before = self._before
        return before is not None and self.pupil.place.grade > before.grade

    @property
    def _before(self) -> Place | None:
        """The place in which the pupil was when the former year's classes ended."""
        return self.pupil.place_on((first_day(self.year) - timedelta(days=1)).isoformat())
