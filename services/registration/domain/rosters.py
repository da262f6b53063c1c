"""A school's class for one season, as its roster says it: each line is judged by itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time

from services.registration.codes import CODE_LIFE, LONGEST_CODE_LIFE
from services.registration.copies.seasons import Season
from services.registration.domain.classes import class_of
from services.registration.domain.organisations import Organisation
from services.registration.domain.participants import Key
from services.registration.domain.placements import Place, local_day
from services.registration.domain.roster_entries import PupilEntry, RosterHeader
from services.registration.domain.templates import NO_TEMPLATES, Templates
from shared.contracts.codes import ExceptionReason
from shared.identity.acting import Actor
from shared.programme.moments import happened_at, zone


@dataclass(frozen=True, slots=True)
class Intake:
    """A class as it enters a season: what holds for every line of its roster. Times have the region's offset."""

    season: Season
    place: Place
    occurred_at: datetime
    now: datetime
    classes: frozenset[str] | None
    """Classes of the school that the sender's grants are narrowed to; None for all."""
    by: Actor | None = None
    """The sender, as states keep who changed them."""
    entries: Sequence[PupilEntry] = ()
    """The lines that can be read."""
    number: int = 0
    """Its place among the rosters that are decided together."""
    school: Organisation | None = None
    """The school as it was when the roster was read: pupils follow where it went since."""
    exception: ExceptionReason | None = None
    """The operator's reason to enter it outside the season or too late."""
    templates: Templates = NO_TEMPLATES
    """Of consents, of the season."""

    @classmethod
    def of(
        cls, header: RosterHeader, season: Season, school: Organisation, now: datetime, classes: frozenset[str] | None
    ) -> "Intake":
        """Raises BadInput for no school or a time to come, Conflict for a day on which the season takes nobody in."""
        happened = happened_at(header.occurred_at, now, zone(school.utc_offset))
        place = class_of(school, header.school_class, local_day(happened))
        season.must_take(happened, excepted=header.exception is not None)
        return cls(season, place, happened, now, classes, school=school, exception=header.exception)

    @property
    def pupils(self) -> list[Key]:
        """The keys of the pupils on the lines."""
        return [(self.place.school, entry.external_ref) for entry in self.entries]

    @property
    def guardians(self) -> list[Key]:
        """The keys of the guardians who are named with them."""
        return [(self.place.school, guardian.ref) for entry in self.entries for guardian in entry.named]

    @property
    def codes_until(self) -> datetime:
        """The time until which codes open cabinets: the season's end, or later for codes that are issued late."""
        end = datetime.combine(self.season.closes, time.max, self.occurred_at.tzinfo)
        return min(max(end, self.now + CODE_LIFE), self.now + LONGEST_CODE_LIFE)

    def reaches(self, classes: Iterable[str]) -> bool:
        """True where the sender's grants cover one of these classes of the school."""
        return self.classes is None or not self.classes.isdisjoint(classes)
